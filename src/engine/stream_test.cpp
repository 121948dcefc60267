#include "engine/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "engine/world.h"

namespace parley::engine {
namespace {

struct Recorder final : Sink {
  void event(const Event& event, const Cursor& at, hub::Encodings&) override {
    texts.push_back(event.message ? event.message->text : std::string(name_of(event.kind)));
    cursor = at;
  }
  void pointer(const Pointer& pointer, hub::Encodings&) override {
    reads.push_back(pointer.read_seq.value);
  }
  void synced(const Cursor& at, const std::vector<Unread>& all) override {
    texts.emplace_back("synced");
    synced_counts = all;
    cursor = at;
  }
  void signal(const Signal& signal, hub::Encodings&) override {
    typing.push_back(signal.user.text);
  }
  std::vector<std::string> typing;
  void unread(const ConversationId&, std::uint64_t count) override { counts.push_back(count); }
  Task<bool> ready() override { co_return true; }

  std::vector<std::string> texts;
  std::vector<std::uint64_t> reads, counts;
  std::vector<Unread> synced_counts;
  Cursor cursor;
};

struct Reader {
  Reader(World& world, std::string user, std::optional<Cursor> since = std::nullopt)
      : world(world), stream(world.engine, seen, world.connected(std::move(user))) {
    auto now = world.run(stream.open(std::move(since)));
    opened = now.has_value();
    if (!opened) return;
    seen.cursor = *now;
    EXPECT_TRUE(world.run(stream.catch_up()));
  }
  World& world;
  Recorder seen;
  Stream stream;
  bool opened = false;
};

using Texts = std::vector<std::string>;

TEST(Stream, without_a_cursor_brings_what_comes_after) {
  World world;
  auto talk = world.direct("anna", "ben");
  ASSERT_TRUE(world.send(world.caller("anna"), talk, "before"));
  Reader ben(world, "ben");
  ASSERT_TRUE(world.send(world.caller("anna"), talk, "after"));
  EXPECT_EQ(ben.seen.texts, (Texts{"after"}));
}

TEST(Stream, reader_who_was_away_gets_each_event_once_in_order) {
  World world;
  auto talk = world.direct("anna", "ben");
  Cursor cursor;
  {
    Reader ben(world, "ben");
    ASSERT_TRUE(world.send(world.caller("anna"), talk, "seen"));
    cursor = ben.seen.cursor;
  }
  Texts missed;
  for (int i = 0; i < 450; ++i) {  // more than two pages
    missed.push_back(std::to_string(i));
    ASSERT_TRUE(world.send(world.caller("anna"), talk, missed.back()));
  }
  Reader ben(world, "ben", cursor);
  missed.emplace_back("synced");
  EXPECT_EQ(ben.seen.texts, missed);
  ASSERT_EQ(ben.seen.synced_counts.size(), 1U);
  EXPECT_EQ(ben.seen.synced_counts.front().count, 451U);
}

TEST(Stream, what_is_sent_while_it_catches_up_comes_once_and_in_order) {
  World world;
  auto talk = world.direct("anna", "ben");
  Cursor start = world.hub.positions();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(world.send(world.caller("anna"), talk, "x"));
  Recorder seen;
  Stream stream(world.engine, seen, world.connected("ben"));
  std::vector<std::unique_ptr<Turn>> turns;
  bool done = false;
  world.time.run([&] {
    spawn(stream.open(start), [&](const Result<Cursor>& now) {
      ASSERT_TRUE(now);
      spawn(stream.catch_up(), [&](const Result<void>&) { done = true; });
    });
    // Between every two steps of the catching up, two more messages.
    for (int i = 0; i < 50; ++i) {
      turns.push_back(std::make_unique<Turn>());
      world.time.post([&, turn = turns.back().get()] {
        spawn(world.engine.send(world.caller("anna"), World::text(talk, "y"), *turn),
              [](const Result<Sent>&) {});
      });
    }
  });
  world.time.run_for(std::chrono::milliseconds{100});
  EXPECT_TRUE(done);
  ASSERT_TRUE(world.send(world.caller("anna"), talk, "end"));
  std::erase(seen.texts, "synced");
  ASSERT_EQ(seen.texts.size(), 351U);
  EXPECT_EQ(std::ranges::count(seen.texts, "x"), 300);
  EXPECT_EQ(std::ranges::count(seen.texts, "y"), 50);
  EXPECT_EQ(seen.texts.back(), "end");
}

// As with real stores: by the time an answer is there, other things have happened.
class AnswersLater final : public store::Store {
 public:
  AnswersLater(std::unique_ptr<store::Store> inner, std::function<void()>& meanwhile)
      : inner_(std::move(inner)), meanwhile_(meanwhile) {}
  void listen(store::Listener& listener) override { inner_->listen(listener); }
  void submit(store::Submission submission) override { inner_->submit(std::move(submission)); }
  [[nodiscard]] Cursor beginning() const override { return inner_->beginning(); }
  Task<store::Health> health() override { return inner_->health(); }
  void stop() override { inner_->stop(); }

 private:
  // From a thread that is not the loop's, so that the answer is posted, behind what has happened.
  void ask(Question question) override {
    auto shared = std::make_shared<Question>(std::move(question));
    auto elsewhere = [this, shared](store::Reader& reader) -> Result<void> {
      if (meanwhile_) std::exchange(meanwhile_, nullptr)();
      std::thread([&] { (*shared)(&reader); }).join();
      return {};
    };
    spawn(inner_->read(std::move(elsewhere)), [](const Result<void>&) {});
  }

  std::unique_ptr<store::Store> inner_;
  std::function<void()>& meanwhile_;
};

// An event that the store does not show yet.
EventRef committed_now(const World& world, const ConversationId& where, EventKind kind,
                       std::uint64_t ahead, std::vector<UserId> joined = {},
                       std::vector<UserId> left = {}) {
  auto event = std::make_shared<Event>();
  event->conversation = where;
  event->seq = Seq{100 + ahead};
  event->position = {0, world.hub.positions().lanes[0] + ahead};
  event->kind = kind;
  event->actor = {"anna"};
  event->joined = std::move(joined);
  event->left = std::move(left);
  return event;
}

struct Opening {
  explicit Opening(World& world) : stream(world.engine, seen, world.connected("ben")) {
    spawn(stream.open(std::nullopt), [this](const Result<Cursor>& now) {
      ASSERT_TRUE(now);
      spawn(stream.catch_up(), [this](const Result<void>& live) { done = live.has_value(); });
    });
  }
  Recorder seen;
  Stream stream;
  bool done = false;
};

struct Meanwhile {
  std::function<void()> happens;
  World world{[this](std::unique_ptr<store::Store> inner, Executor&) {
    return std::make_unique<AnswersLater>(std::move(inner), happens);
  }};
  Texts heard_after(const std::function<void()>& what, const std::function<void()>& then) {
    happens = [&] { world.time.post(what); };
    std::unique_ptr<Opening> opening;
    world.time.run([&] { opening = std::make_unique<Opening>(world); });
    world.time.run_for(std::chrono::milliseconds{1});
    EXPECT_TRUE(opening->done);
    then();
    return opening->seen.texts;
  }
};

// The store's answer still has them in the conversation.
TEST(Stream, who_is_removed_while_the_store_answers_hears_that_and_nothing_more) {
  Meanwhile it;
  const auto plans = it.world.group("anna", {"ben"});
  const auto removed = committed_now(it.world, plans, EventKind::member_removed, 1, {}, {{"ben"}});
  const auto secret = committed_now(it.world, plans, EventKind::message_created, 2);
  const Texts heard =
      it.heard_after([&] { it.world.hub.deliver(removed); }, [&] { it.world.hub.deliver(secret); });
  EXPECT_EQ(heard, (Texts{"member.removed"}));
}

TEST(Stream, who_joins_while_the_store_answers_hears_that_and_what_follows) {
  Meanwhile it;
  const auto plans = it.world.group("anna", {"cleo"});
  const auto joined = committed_now(it.world, plans, EventKind::member_added, 1, {{"ben"}});
  const auto first = committed_now(it.world, plans, EventKind::message_updated, 2);
  const auto second = committed_now(it.world, plans, EventKind::message_deleted, 3);
  const Texts heard = it.heard_after(
      [&] {
        it.world.hub.deliver(joined);
        it.world.hub.deliver(first);
      },
      [&] { it.world.hub.deliver(second); });
  EXPECT_EQ(heard, (Texts{"member.added", "message.updated", "message.deleted"}));
}

// At whatever point of the way: also where it was committed before the store is asked, and so is in its answer. Who has
// connected waits for everything from then on.
TEST(Stream, what_is_on_its_way_when_it_opens_is_heard) {
  int heard = 0;
  for (int steps = 0; steps < 8; ++steps) {
    Meanwhile it;
    World& world = it.world;
    const auto talk = world.direct("anna", "ben");
    ASSERT_TRUE(world.send(world.caller("anna"), talk, "before"));
    const Cursor before = world.hub.positions();
    std::unique_ptr<Opening> opening;
    bool told = false;
    std::function<void(int)> open_after = [&](int left) {
      if (left > 0) return world.time.post([&, left] { open_after(left - 1); });
      told = world.hub.positions() != before;
      opening = std::make_unique<Opening>(world);
    };
    Turn turn;
    world.time.run([&] {
      spawn(world.engine.send(world.caller("anna"), World::text(talk, "on its way"), turn),
            [](const Result<Sent>& sent) { EXPECT_TRUE(sent); });
      open_after(steps);
    });
    world.time.run_for(std::chrono::milliseconds{1});
    ASSERT_TRUE(opening->done);
    EXPECT_EQ(opening->seen.texts, told ? Texts{} : Texts{"on its way"}) << steps;
    heard += told ? 0 : 1;
  }
  EXPECT_TRUE(heard > 0 && heard < 8) << heard;
}

TEST(Stream, any_cursor_on_the_way_resumes_exactly_behind_it) {
  World world;
  auto one = world.direct("anna", "ben");
  auto other = world.group("anna", {"ben"});
  Cursor start = world.hub.positions();
  Texts all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(std::to_string(i));
    ASSERT_TRUE(world.send(world.caller("anna"), i % 3 == 0 ? other : one, all.back()));
  }
  Cursor cursor = start;
  for (std::size_t from = 0; from < all.size(); ++from) {
    Reader ben(world, "ben", cursor);
    Texts expected(all.begin() + static_cast<std::ptrdiff_t>(from), all.end());
    expected.emplace_back("synced");
    EXPECT_EQ(ben.seen.texts, expected);
    auto page = world.run(world.engine.since(world.caller("ben"), cursor, 1));
    ASSERT_EQ(page->events.size(), 1U);
    cursor = page->cursors.front();
  }
}

TEST(Stream, who_was_removed_resumes_to_that_event_and_nothing_else) {
  World world;
  auto plans = world.group("anna", {"ben"});
  Cursor start = world.hub.positions();
  ASSERT_TRUE(world.send(world.caller("anna"), plans, "secret"));
  ASSERT_TRUE(world.run(world.engine.remove_member(world.caller("anna"), plans, {"ben"})));
  ASSERT_TRUE(world.send(world.caller("anna"), plans, "more secret"));
  Reader ben(world, "ben", start);
  EXPECT_EQ(ben.seen.texts, (Texts{"member.removed", "synced"}));
}

TEST(Stream, a_resume_brings_the_read_pointers_that_moved_and_the_counts) {
  World world;
  auto talk = world.direct("anna", "ben");
  auto first = world.send(world.caller("anna"), talk, "1");
  Cursor start = world.hub.positions();
  ASSERT_TRUE(world.send(world.caller("anna"), talk, "2"));
  ASSERT_TRUE(world.read("ben", talk, first->message->seq.value));
  Reader anna(world, "anna", start);
  EXPECT_EQ(anna.seen.reads, (std::vector<std::uint64_t>{2}));
  Reader ben(world, "ben", start);
  ASSERT_EQ(ben.seen.synced_counts.size(), 1U);
  EXPECT_EQ(ben.seen.synced_counts.front().count, 1U);
}

TEST(Stream, a_cursor_of_another_store_or_from_the_future_is_too_old) {
  World world;
  Cursor other = world.hub.positions();
  other.store ^= 1;
  EXPECT_FALSE(Reader(world, "ben", other).opened);
  Cursor future = world.hub.positions();
  future.lanes[0] += 1000;
  EXPECT_FALSE(Reader(world, "ben", future).opened);
}

TEST(Stream, joining_a_conversation_is_heard_live) {
  World world;
  Reader ben(world, "ben");
  auto talk = world.direct("anna", "ben");
  ASSERT_TRUE(world.send(world.caller("anna"), talk, "hi"));
  EXPECT_EQ(ben.seen.texts, (Texts{"conversation.created", "hi"}));
}

TEST(Stream, a_count_that_a_deletion_lowers_is_told_and_only_to_those_it_concerns) {
  World world;
  const auto talk = world.group("anna", {"ben", "cleo"});
  Reader ben(world, "ben"), cleo(world, "cleo"), anna(world, "anna");
  const auto first = world.send(world.caller("anna"), talk, "first");
  ASSERT_TRUE(world.send(world.caller("anna"), talk, "second"));
  ASSERT_TRUE(world.read("cleo", talk, 2));
  Turn turn;
  ASSERT_TRUE(
      world.run(world.engine.remove_message(world.caller("anna"), first->message->id, turn)));
  world.time.run_for(std::chrono::milliseconds{5});
  EXPECT_EQ(ben.seen.counts, (std::vector<std::uint64_t>{1}));
  EXPECT_TRUE(cleo.seen.counts.empty());
  EXPECT_TRUE(anna.seen.counts.empty());
}

TEST(Stream, typing_reaches_the_others_who_are_there) {
  World world;
  const auto talk = world.group("anna", {"ben", "rita"});
  Reader anna(world, "anna"), ben(world, "ben"), cleo(world, "cleo");
  ASSERT_TRUE(world.run(world.engine.typing(world.caller("anna"), talk, true)));
  world.time.run_for(std::chrono::milliseconds{1});
  EXPECT_EQ(ben.seen.typing, (std::vector<std::string>{"anna"}));
  EXPECT_TRUE(anna.seen.typing.empty() && cleo.seen.typing.empty());
  EXPECT_EQ(world.run(world.engine.typing(world.caller("cleo"), talk, true)).error().code,
            Code::not_found);
  ASSERT_TRUE(world.run(world.engine.set_role(world.caller("anna"), talk, {"rita"}, Role::reader)));
  EXPECT_EQ(world.run(world.engine.typing(world.caller("rita"), talk, true)).error().code,
            Code::forbidden);
}

TEST(Stream, whom_the_reader_has_blocked_is_unheard_where_the_door_has_it_so) {
  World world;
  const auto talk = world.group("anna", {"ben", "mallory"});
  ASSERT_TRUE(world.run(world.engine.block(world.caller("ben"), {"mallory"}, true)));
  Reader usual(world, "ben");
  world.policy.blocked_are_unheard = true;
  Reader ben(world, "ben");
  ASSERT_TRUE(world.send(world.caller("mallory"), talk, "unheard"));
  ASSERT_TRUE(world.send(world.caller("anna"), talk, "heard"));
  EXPECT_EQ(ben.seen.texts, (Texts{"heard"}));
  ASSERT_TRUE(world.run(world.engine.block(world.caller("ben"), {"mallory"}, false)));
  world.time.run_for(std::chrono::milliseconds{1});
  ASSERT_TRUE(world.send(world.caller("mallory"), talk, "friends again"));
  ASSERT_TRUE(world.run(world.engine.block(world.caller("ben"), {"mallory"}, true)));
  world.time.run_for(std::chrono::milliseconds{1});
  ASSERT_TRUE(world.send(world.caller("mallory"), talk, "and no more"));
  EXPECT_EQ(ben.seen.texts, (Texts{"heard", "friends again"}));
  EXPECT_EQ(world.run(world.engine.history(world.caller("ben"), talk, {}))->size(), 4U);
}

}  // namespace
}  // namespace parley::engine
