#include "pending/pending.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "engine/world.h"

namespace parley::pending {
namespace {

using namespace std::chrono_literals;

// A store that can be away: it is silent for a while then, as one is whose machine is gone, and refuses in the end.
class LeavingStore final : public store::Store {
 public:
  LeavingStore(std::unique_ptr<store::Store> inner, Executor& executor)
      : inner_(std::move(inner)), executor_(executor) {}

  void listen(store::Listener& listener) override {
    listener_ = &listener;
    inner_->listen(listener);
  }
  void submit(store::Submission submission) override {
    ++submitted;
    if (!away && !loses_answers) {
      executor_.after(slowness,
                      [this, one = std::make_shared<store::Submission>(std::move(submission))] {
                        inner_->submit(std::move(*one));
                      });
      return;
    }
    // Its answer got lost: nobody knows, but it is there.
    if (loses_answers) inner_->submit({submission.change, submission.origin, nullptr});
    auto late = std::make_shared<std::vector<store::Settled>>();
    late->push_back(
        {submission.origin, fail(Code::unavailable, "away"), std::move(submission.reply)});
    executor_.after(commit_patience, [this, late] { listener_->settled(late); });
  }
  [[nodiscard]] Cursor beginning() const override { return inner_->beginning(); }
  Task<store::Health> health() override {
    co_return store::Health{.up = !away, .latency_ms = 0, .why = {}};
  }
  void stop() override { inner_->stop(); }

  bool away = false;
  bool loses_answers = false;
  std::chrono::milliseconds slowness{0};
  std::size_t submitted = 0;
  static constexpr std::chrono::milliseconds commit_patience{5'000};

 protected:
  void ask(Question question) override {
    if (away) {
      executor_.after(read_patience, [q = std::make_shared<Question>(std::move(question))] {
        (*q)(fail(Code::unavailable, "away"));
      });
      return;
    }
    auto kept = std::make_shared<Question>(std::move(question));
    auto ask = [kept](store::Reader& reader) -> Result<bool> {
      (*kept)(&reader);
      return true;
    };
    spawn(inner_->read(std::move(ask)), [](const Result<bool>&) {});
  }

 private:
  static constexpr std::chrono::milliseconds read_patience{200};
  std::unique_ptr<store::Store> inner_;
  Executor& executor_;
  store::Listener* listener_ = nullptr;
};

struct Waiting {
  LeavingStore* store = nullptr;
  engine::World world{[this](std::unique_ptr<store::Store> inner, Executor& executor) {
    auto made = std::make_unique<LeavingStore>(std::move(inner), executor);
    store = made.get();
    return made;
  }};
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("parley-pending-" + std::to_string(::getpid()));
  Rules rules{.journal = (folder / "journal").string()};
  std::vector<std::string> shown, saved_ids;
  std::unique_ptr<Pending> pending;

  Waiting() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    world.policy.blocked_are_unheard = true;
    world.policy.shown_unsaved_after = 25ms;
    begin();
  }
  ~Waiting() {
    end();
    std::filesystem::remove_all(folder);
  }
  void begin() {
    pending =
        std::make_unique<Pending>(world.time, world.engine, world.random, world.policy, rules);
    pending->watch({&world.time, [this](const auto& post) { shown.push_back(post->text); },
                    [this](const MessageId& id) { saved_ids.push_back(hex24(id.bytes)); }});
    pending->start();
    world.time.run_ready();
  }
  void end() {
    if (!pending) return;
    bool ended = false;
    world.time.run([&] { spawn(pending->stop(), [&] { ended = true; }); });
    turn_until([&] { return ended; });
    pending.reset();
  }
  // The journal has a real thread, so virtual time is moved until it has answered.
  void turn_until(const std::function<bool()>& there) {
    for (int i = 0; i < 60'000 && !there(); ++i) {
      world.time.run_for(1ms);
      std::this_thread::yield();
    }
    ASSERT_TRUE(there());
  }
  void wait_for_the_journal(const std::function<bool()>& there) {
    for (int i = 0; i < 5'000'000 && !there(); ++i) {
      world.time.run_ready();
      std::this_thread::yield();
    }
    ASSERT_TRUE(there());
  }
  static Post post(const std::string& sender, std::vector<std::string> people, std::string text,
                   std::string once = {}) {
    Post made;
    made.sender = {sender};
    std::ranges::sort(people);
    for (std::string& one : people) {
      made.fresh.bytes.back() =
          static_cast<std::uint8_t>(made.fresh.bytes.back() * 31 + one.front());
      made.people.push_back({std::move(one)});
    }
    made.text = std::move(text);
    made.once = std::move(once);
    return made;
  }
  // Begins, and gives where its answer will be.
  std::shared_ptr<std::optional<Result<Accepted>>> begin_sending(Post one) {
    auto answer = std::make_shared<std::optional<Result<Accepted>>>();
    world.time.run([&] {
      spawn(pending->accept(std::move(one)),
            [answer](Result<Accepted> accepted) { answer->emplace(std::move(accepted)); });
    });
    return answer;
  }
  Result<Accepted> send(Post one) {
    auto answer = begin_sending(std::move(one));
    turn_until([&] { return answer->has_value(); });
    return std::move(**answer);
  }
  std::vector<std::string> history(const std::string& user, std::vector<std::string> people) {
    std::vector<UserId> all;
    for (std::string& one : people) all.push_back({std::move(one)});
    auto where = world.run(world.engine.of_exactly(world.caller(user), all));
    if (!where || !*where) return {};
    engine::HistoryQuery query;
    query.limit = 200;
    auto found = world.run(world.engine.history(world.caller(user), **where, query));
    std::vector<std::string> texts;
    for (const Message& one : found.value()) texts.insert(texts.begin(), one.text);
    return texts;
  }
};

using Texts = std::vector<std::string>;

TEST(Pending, a_healthy_store_has_it_before_anybody_is_told_ahead) {
  Waiting it;
  for (const char* text : {"one", "two", "three"})
    ASSERT_TRUE(it.send(Waiting::post("anna", {"anna", "ben", "cleo"}, text)));
  EXPECT_EQ(it.history("ben", {"anna", "ben", "cleo"}), (Texts{"one", "two", "three"}));
  EXPECT_EQ(it.shown, Texts{});
  EXPECT_EQ(it.pending->waiting(), 0U);
  EXPECT_EQ(std::filesystem::file_size(it.rules.journal), 0U);
}

TEST(Pending, while_the_store_is_away_it_is_shown_in_a_moment_and_saved_later_in_the_order_shown) {
  Waiting it;
  it.store->away = true;
  std::vector<Accepted> accepted;
  for (int i = 0; i < 10; ++i) {
    auto one = it.send(
        Waiting::post(i % 2 == 0 ? "anna" : "ben", {"anna", "ben", "cleo"}, std::to_string(i)));
    ASSERT_TRUE(one);
    accepted.push_back(*one);
  }
  EXPECT_EQ(it.shown.size(), 10U);
  it.world.time.run_for(30s);
  it.store->away = false;
  it.turn_until([&] { return it.pending->waiting() == 0; });
  EXPECT_EQ(it.history("cleo", {"anna", "ben", "cleo"}), it.shown);
  EXPECT_EQ(it.saved_ids.size(), 10U);
  for (const Accepted& one : accepted) {
    auto kept = it.world.run(it.world.engine.message(it.world.caller("cleo"), one.id));
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->created_at, one.at);
  }
}

TEST(Pending, a_slow_store_keeps_the_order_too) {
  Waiting it;
  it.store->slowness = 60ms;
  std::vector<std::shared_ptr<std::optional<Result<Accepted>>>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(
        it.begin_sending(Waiting::post("anna", {"anna", "ben", "cleo"}, std::to_string(i))));
    it.world.time.run_for(3ms);
  }
  it.turn_until([&] { return it.pending->waiting() == 0; });
  for (const auto& one : answers) EXPECT_TRUE(one->has_value() && one->value());
  const Texts kept = it.history("ben", {"anna", "ben", "cleo"});
  EXPECT_EQ(kept.size(), 20U);
  EXPECT_TRUE(
      std::ranges::is_sorted(kept, {}, [](const std::string& text) { return std::stoi(text); }));
  EXPECT_TRUE(std::ranges::is_sorted(it.shown, {},
                                     [](const std::string& text) { return std::stoi(text); }));
}

TEST(Pending, a_store_that_lives_is_waited_for_and_one_that_is_silent_is_not) {
  Waiting it;
  it.store->slowness = 200ms;
  auto slow = it.begin_sending(Waiting::post("anna", {"anna", "ben"}, "makes the conversation"));
  for (int i = 0; i < 12; ++i) {
    it.world.time.run_for(50ms);
    it.pending->store_lives();
  }
  EXPECT_TRUE(slow->has_value() && slow->value());
  EXPECT_EQ(it.shown, Texts{}) << "it is shown in its place in the log";
  it.store->away = true;
  auto shown = it.begin_sending(Waiting::post("anna", {"anna", "ben"}, "silence"));
  it.world.time.run_for(200ms);
  EXPECT_FALSE(shown->has_value());
  it.turn_until([&] { return shown->has_value(); });
  auto next = it.begin_sending(Waiting::post("anna", {"anna", "ben"}, "more"));
  it.world.time.run_for(25ms);
  it.wait_for_the_journal([&] { return next->has_value(); });  // no more time than that
  EXPECT_EQ(it.shown, (Texts{"silence", "more"}));
}

TEST(Pending, an_end_of_the_process_loses_nothing_that_was_shown) {
  Waiting it;
  it.store->away = true;
  for (const char* text : {"one", "two"})
    ASSERT_TRUE(it.send(Waiting::post("anna", {"anna", "ben"}, text, text)));
  it.end();
  it.store->away = false;
  it.begin();
  it.turn_until([&] { return it.pending->waiting() == 0; });
  EXPECT_EQ(it.history("ben", {"anna", "ben"}), (Texts{"one", "two"}));
  EXPECT_EQ(it.shown, (Texts{"one", "two"})) << "not a second time";
}

TEST(Pending, a_save_whose_answer_was_lost_is_not_doubled) {
  Waiting it;
  ASSERT_TRUE(it.send(Waiting::post("anna", {"anna", "ben"}, "there")));
  it.store->loses_answers = true;
  auto slow = it.begin_sending(Waiting::post("anna", {"anna", "ben"}, "once"));
  it.world.time.run_for(1s);
  it.store->loses_answers = false;
  it.turn_until([&] { return it.pending->waiting() == 0; });
  EXPECT_TRUE(slow->has_value() && slow->value());
  EXPECT_EQ(it.history("ben", {"anna", "ben"}), (Texts{"there", "once"}));
}

TEST(Pending, the_quick_tries_end_and_the_others_do_not) {
  Waiting it;
  it.store->away = true;
  ASSERT_TRUE(it.send(Waiting::post("anna", {"anna", "ben", "cleo"}, "late")));
  it.world.time.run_for(10min);
  EXPECT_EQ(it.pending->waiting(), 1U);
  it.store->away = false;
  const Time back = it.world.time.now();
  it.turn_until([&] { return it.pending->waiting() == 0; });
  EXPECT_LT(it.world.time.now() - back, 11s + LeavingStore::commit_patience);
  EXPECT_EQ(it.history("ben", {"anna", "ben", "cleo"}), Texts{"late"});
}

TEST(Pending, a_full_queue_refuses_and_shows_nothing) {
  Waiting it;
  it.end();
  it.rules.bytes_max = 4'000;
  it.begin();
  it.store->away = true;
  std::size_t taken = 0;
  for (int i = 0; i < 20; ++i) {
    auto one = it.send(Waiting::post("anna", {"anna", "ben", "cleo"}, std::string(200, 'x')));
    if (one)
      ++taken;
    else
      EXPECT_EQ(one.error().code, Code::unavailable);
  }
  EXPECT_GT(taken, 1U);
  EXPECT_LT(taken, 20U);
  EXPECT_EQ(it.shown.size(), taken);
}

TEST(Pending, a_key_is_taken_once_while_it_waits) {
  Waiting it;
  it.store->away = true;
  auto first = it.send(Waiting::post("anna", {"anna", "ben", "cleo"}, "once", "key"));
  auto again = it.send(Waiting::post("anna", {"anna", "ben", "cleo"}, "once", "key"));
  auto other = it.send(Waiting::post("anna", {"anna", "ben", "cleo"}, "other", "key"));
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->id, again->id);
  EXPECT_EQ(other.error().code, Code::unprocessable);
  EXPECT_EQ(it.shown, Texts{"once"});
}

TEST(Pending, who_is_known_to_be_blocked_is_refused_while_the_store_is_away) {
  Waiting it;
  ASSERT_TRUE(it.world.run(it.world.engine.block(it.world.caller("ben"), {"mallory"}, true)));
  EXPECT_EQ(it.send(Waiting::post("mallory", {"ben", "mallory"}, "with it")).error().code,
            Code::blocked);
  it.store->away = true;
  EXPECT_EQ(it.send(Waiting::post("mallory", {"ben", "mallory"}, "without")).error().code,
            Code::blocked);
  EXPECT_EQ(it.shown, Texts{});
}

TEST(Pending, a_set_that_waits_holds_up_no_other) {
  Waiting it;
  it.store->away = true;
  ASSERT_TRUE(it.send(Waiting::post("anna", {"anna", "ben", "cleo"}, "waits")));
  it.store->away = false;
  ASSERT_TRUE(it.send(Waiting::post("dan", {"dan", "eve", "fay"}, "goes by")));
  EXPECT_EQ(it.history("eve", {"dan", "eve", "fay"}), Texts{"goes by"});
}

}  // namespace
}  // namespace parley::pending
