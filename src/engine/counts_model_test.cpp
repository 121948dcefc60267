// Unread and mention counts against a model that knows nothing of how they are kept: after each step every count is
// what somebody would get who reads the whole history. Steps are random; PARLEY_TEST_LONG makes 100,000 of them.
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "engine/engine.h"
#include "hub/feed.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"

namespace parley::engine {
namespace {

// Work in the order of its coming, on the thread that waits; time only moves when told to.
class Desk final : public Executor, public Clock {
 public:
  void post(Work work) override {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
    came_.notify_one();
  }
  TimerId after(std::chrono::milliseconds /*delay*/, Work /*work*/) override { return 0; }
  void cancel(TimerId /*timer*/) override {}
  [[nodiscard]] bool runs_here() const override { return current() == this; }
  [[nodiscard]] Time now() const override { return now_; }
  [[nodiscard]] Instant instant() const override { return Instant{} + (now_ - Time{}); }
  void pass(std::chrono::seconds time) { now_ += time; }

  void work_until(const std::function<bool()>& done) {
    const Scope here(*this);
    while (!done()) next()();
  }

 private:
  Work next() {
    std::unique_lock lock(mutex_);
    came_.wait(lock, [&] { return !waiting_.empty(); });
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    return work;
  }
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<Work> waiting_;
  Time now_ = from_micros(1'767'323'045'000'000);
};

struct ModelMessage {
  std::string sender;
  std::set<std::string> mentions;
  bool to_all = false;
  bool gone = false;
  Time expires{};
  MessageId id;
};
struct ModelMember {
  bool present = false;
  std::set<std::uint64_t> read;  // seqs of messages
  std::uint64_t joined = 0;      // everything up to there is read
};
struct ModelConversation {
  ConversationId id;
  bool direct = false;
  std::map<std::uint64_t, ModelMessage> messages;
  std::map<std::string, ModelMember> members;
  std::uint64_t last_seq = 0;

  [[nodiscard]] std::uint64_t unread(const std::string& who) const {
    const ModelMember& member = members.at(who);
    return static_cast<std::uint64_t>(std::ranges::count_if(messages, [&](const auto& one) {
      const auto& [seq, message] = one;
      return !message.gone && message.sender != who && seq > member.joined &&
             !member.read.contains(seq);
    }));
  }
  // Above the end of what was read without a gap, as the contract's read_seq is.
  [[nodiscard]] std::uint64_t mentions(const std::string& who, std::uint64_t read_seq) const {
    return static_cast<std::uint64_t>(std::ranges::count_if(messages, [&](const auto& one) {
      const auto& [seq, message] = one;
      return !message.gone && message.sender != who && seq > read_seq &&
             (message.to_all || message.mentions.contains(who));
    }));
  }
};

using NewStore = std::unique_ptr<store::Store> (*)(Desk& desk, const std::string& folder);

class Life {
 public:
  Life(NewStore new_store, std::uint64_t seed) : chance_(seed) {
    std::string name = (std::filesystem::temp_directory_path() / "parley-counts-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    store_ = new_store(desk_, folder_);
    hub_ = std::make_unique<hub::Hub>(store_->beginning());
    engine_ = std::make_unique<Engine>(*store_, *hub_, bus_, desk_, random_, Limits{});
    feed_ = std::make_unique<hub::Feed>(std::vector<hub::Feed::Loop>{
        {&desk_, hub_.get(), [this](const Event& event) { engine_->notice(event); }, {}}});
    store_->listen(*feed_);
    bus_.add({&desk_, hub_.get()});
  }
  ~Life() {
    store_->stop();
    std::filesystem::remove_all(folder_);
  }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void live(int steps) {
    for (done_ = 0; done_ < steps && !testing::Test::HasFailure();) {
      if (places_.empty() || places_.back().messages.size() > 120) begin_conversation();
      // Some alone, some at once on several devices.
      const int together = roll(4) == 0 ? 2 + roll(6) : 1;
      std::vector<std::function<void()>> after;
      for (int i = 0; i < together; ++i) step(after);
      wait();
      for (auto& one : after) one();
      check();
      done_ += together;
    }
  }

 private:
  static constexpr std::array people{"anna", "ben", "cleo", "dora", "emil", "finn"};

  int roll(int sides) { return std::uniform_int_distribution(0, sides - 1)(chance_); }
  std::string somebody() { return people[static_cast<std::size_t>(roll(people.size()))]; }
  ModelConversation& place() { return places_.back(); }
  Caller caller(const std::string& who) {
    return {{who}, Rank::user, {0, static_cast<std::uint64_t>(1 + roll(3))}, &policy_};
  }
  void wait() {
    desk_.work_until([&] { return pending_ == 0; });
  }

  // `told` is called in the order in which the changes were committed.
  template <class T, class Told>
  void start(Task<T> task, Told told) {
    ++pending_;
    auto shared = std::make_shared<Task<T>>(std::move(task));
    desk_.post([this, shared, told = std::move(told)]() mutable {
      spawn(std::move(*shared), [this, told = std::move(told)](T value) mutable {
        told(std::move(value));
        --pending_;
      });
    });
  }

  void begin_conversation() {
    CreateConversation command;
    // A pair has one for ever.
    const bool direct = places_.size() == 2;
    command.type = direct ? ConversationType::direct : ConversationType::group;
    if (direct)
      command.members = {UserId{people[1]}};
    else
      for (std::size_t i = 1; i < people.size() - 2; ++i)
        command.members.push_back(UserId{people[i]});
    command.others = Role::admin;  // who may delete what others have said
    ModelConversation fresh;
    fresh.direct = direct;
    for (const char* who : people) fresh.members[who];
    fresh.members[people[0]].present = true;
    for (const UserId& one : command.members) fresh.members[one.text].present = true;
    start(engine_->create(caller(people[0]), command), [&](Result<Made> made) {
      ASSERT_TRUE(made) << made.error().detail;
      fresh.id = made->view.conversation.id;
      fresh.last_seq = 1;
      for (auto& [who, member] : fresh.members) member.joined = 1;
    });
    wait();
    places_.push_back(std::move(fresh));
  }

  void step(std::vector<std::function<void()>>& after) {
    switch (roll(20)) {
      case 0:
        return join(somebody());
      case 1:
        return leave(somebody());
      case 2:
      case 3:
        return take_back(roll(2) == 0);
      case 4:
        return block(after);
      case 5:
        return expire(after);
      case 6:
      case 7:
      case 8:
        return read();
      case 9:
      case 10:
        return read_one();
      case 11:
        return edit();
      default:
        return send();
    }
  }

  void send() {
    const std::string who = somebody();
    SendMessage command;
    command.where = place().id;
    command.text = "@somebody: " + std::to_string(done_);
    if (roll(3) == 0) {
      Mention mention;
      if (roll(3) != 0) mention = {{somebody()}, 0, 3};
      command.mentions = {mention};
    }
    if (roll(8) == 0) command.expires_in = std::chrono::seconds{1 + roll(3)};
    if (roll(10) == 0) command.once = command.client_id = "k" + std::to_string(roll(20));
    auto turn = std::make_shared<Turn>();
    start(engine_->send(caller(who), command, *turn), [turn, &at = place()](Result<Sent> sent) {
      if (!sent || sent->repeated) return;
      const Message& message = *sent->message;
      ModelMessage& kept = at.messages[message.seq.value];
      kept.sender = message.sender.text;
      kept.id = message.id;
      kept.expires = message.expires_at;
      for (const Mention& one : message.mentions) {
        if (one.user.empty())
          kept.to_all = true;
        else
          kept.mentions.insert(one.user.text);
      }
      at.last_seq = std::max(at.last_seq, message.seq.value);
    });
  }

  // One that is there, if any.
  std::optional<std::uint64_t> some_message() {
    if (place().messages.empty()) return std::nullopt;
    auto at = place().messages.begin();
    std::advance(at, roll(static_cast<int>(place().messages.size())));
    return at->first;
  }

  void take_back(bool recalls) {
    const auto seq = some_message();
    if (!seq) return;
    ModelMessage& message = place().messages[*seq];
    const std::string who = roll(4) == 0 ? somebody() : message.sender;
    auto turn = std::make_shared<Turn>();
    auto gone = [turn, &message](const auto& result) {
      if (result) message.gone = true;
    };
    if (recalls)
      start(engine_->recall(caller(who), message.id, *turn), gone);
    else
      start(engine_->remove_message(caller(who), message.id, *turn), gone);
  }

  void edit() {
    const auto seq = some_message();
    if (!seq) return;
    ModelMessage& message = place().messages[*seq];
    const std::string other = somebody();
    EditMessage command{.id = message.id, .text = "changed", .metadata = {}, .mentions = {}};
    command.mentions = std::vector<Mention>{{{other}, 0, 3}};
    auto turn = std::make_shared<Turn>();
    start(engine_->edit(caller(message.sender), command, *turn),
          [turn, other, &message](const Result<Message>& edited) {
            if (!edited) return;
            message.to_all = false;
            message.mentions = {other};
          });
  }

  void read() {
    const std::string who = somebody();
    const auto seq = some_message();
    if (!seq) return;
    auto turn = std::make_shared<Turn>();
    start(engine_->mark_read(caller(who), place().id, Seq{*seq}, *turn),
          [turn, who, seq, &at = place()](const Result<Pointer>& pointer) {
            if (!pointer) return;
            for (const auto& [one, message] : at.messages)
              if (one <= *seq) at.members[who].read.insert(one);
          });
  }

  void read_one() {
    const std::string who = somebody();
    const auto seq = some_message();
    if (!seq) return;
    start(engine_->mark_read(caller(who), place().id, place().messages[*seq].id,
                             Engine::Receipt::told, Engine::Extent::only_it),
          [who, seq, &at = place()](const Result<Pointer>& pointer) {
            if (pointer) at.members[who].read.insert(*seq);
          });
  }

  void join(const std::string& who) {
    if (place().direct) return;
    AddMembers command;
    command.where = place().id;
    command.users = {{who}};
    start(engine_->add_members(caller(people[0]), command),
          [who, &at = place()](const Result<std::vector<Member>>& added) {
            if (!added || added->empty() || at.members[who].present) return;
            ModelMember& member = at.members[who];
            member.present = true;
            member.joined = added->front().joined_seq.value;
          });
  }

  void leave(const std::string& who) {
    if (place().direct || who == people[0]) return;
    start(engine_->remove_member(caller(people[0]), place().id, {who}),
          [who, &at = place()](const Result<void>& left) {
            if (left) at.members[who].present = false;
          });
  }

  // What somebody who is blocked has said before still counts.
  void block(std::vector<std::function<void()>>& /*after*/) {
    const std::string who = somebody(), whom = somebody();
    if (who == whom) return;
    start(engine_->block(caller(who), {whom}, roll(2) == 0), [](const Result<void>&) {});
  }

  // Alone, when the others have ended: the clock moves.
  void expire(std::vector<std::function<void()>>& after) {
    after.emplace_back([this] {
      desk_.pass(std::chrono::seconds{1});
      start(engine_->expire_messages(), [](const Result<void>& done) { ASSERT_TRUE(done); });
      wait();
      for (ModelConversation& at : places_)
        for (auto& [seq, message] : at.messages)
          if (message.expires != Time{} && message.expires <= desk_.now()) message.gone = true;
    });
  }

  void check() {
    for (const auto& [who, member] : place().members) {
      if (!member.present) continue;
      start(engine_->conversation(caller(who), place().id),
            [this, who](const Result<ConversationView>& view) {
              ASSERT_TRUE(view) << who << " after " << done_ << " steps";
              EXPECT_EQ(unread_count(view->conversation, view->mine), place().unread(who))
                  << who << " after " << done_ << " steps";
              EXPECT_EQ(view->mention_count, place().mentions(who, view->mine.read_seq.value))
                  << who << " after " << done_ << " steps";
            });
    }
    wait();
  }

  std::mt19937_64 chance_;
  Desk desk_;
  SeededRandom random_{7};
  Policy policy_;
  std::string folder_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<hub::Hub> hub_;
  hub::LocalBus bus_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<hub::Feed> feed_;
  std::deque<ModelConversation> places_;
  int pending_ = 0;
  int done_ = 0;
};

int steps(int usually) {
  const char* wanted = std::getenv("PARLEY_TEST_LONG");
  return wanted != nullptr && *wanted != '\0' ? 100'000 : usually;
}

TEST(CountsModel, every_count_is_what_a_recount_gives_in_memory) {
  Life life([](Desk& desk, const std::string&) { return store::make_memory_store(desk); },
            20'260'102);
  life.live(steps(3'000));
}

TEST(CountsModel, every_count_is_what_a_recount_gives_on_sqlite) {
  Life life(
      [](Desk&, const std::string& folder) {
        auto opened = store::open_sqlite({folder + "/parley.db", {}});
        EXPECT_TRUE(opened) << opened.error().detail;
        return std::move(*opened);
      },
      20'260'103);
  life.live(steps(400));
}

}  // namespace
}  // namespace parley::engine
