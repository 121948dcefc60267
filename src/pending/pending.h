// pending: messages that are shown before they are saved, kept in their order and on disk until the store has them.
//
// Knows:     what was accepted and is not saved yet; when it is shown, when to try again.
// Does not:  who may write to whom (engine); how a message is shown (whoever watches).
// In:        messages to sets of people, from any loop.   Out: sends to the engine, one after the other for each set; what
//            is to be shown ahead of its commit, to every loop.
// Lives on:  one loop; accept() may be called from any.
// Failing:   while the store is away messages wait, in memory and in the journal, within a limit; beyond it: unavailable.
// Start at:  Pending::take().
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/gate.h"
#include "engine/engine.h"
#include "pending/journal.h"

namespace parley::pending {

struct Rules {
  int quick_tries = 5;  // with growing pauses between them; then one now and then, for ever
  std::size_t bytes_max = 64UL << 20;
  std::string journal;  // the file; empty: none
};

struct Accepted {
  MessageId id;
  Time at{};
};

class Pending {
 public:
  // `policy`: of the door that they come through.
  Pending(Executor& executor, engine::Engine& engine, Random& random, engine::Policy policy,
          Rules rules);

  // A loop where messages are shown. Before start().
  struct Watcher {
    Executor* executor = nullptr;
    // It may have come by the log already, or come by it later: it is the same id.
    std::function<void(const std::shared_ptr<const Post>& post)> show;
    std::function<void(const MessageId& id)> saved;  // of what was shown so
  };
  void watch(Watcher watcher) { watchers_.push_back(std::move(watcher)); }

  // Takes up what the journal has. Blocking; before the executor runs.
  void start();
  // Comes back when it is saved, refused, or shown: then it will be saved. `post` without id and time.
  [[nodiscard]] Task<Result<Accepted>> accept(Post post);
  // On the executor: it has committed something.
  void store_lives();
  // On the executor: who may not write to whom has changed.
  void heard_of_block(const UserId& blocker, const UserId& blocked, bool on);
  // On the executor: comes back when nothing of it is under way any more. What waits is in the journal.
  [[nodiscard]] Task<void> stop();

  [[nodiscard]] std::size_t waiting() const { return waiting_; }

 private:
  using Answer = std::move_only_function<void(Result<Accepted>)>;
  // How far it has come on the way to who is there, ahead of its commit.
  enum class Stage : std::uint8_t { quiet, asking, keeping, shown, barred };
  struct Entry {
    std::shared_ptr<const Post> post;
    std::vector<Answer> answers;  // who waits for it
    Instant since{};
    Executor::TimerId timer = 0;
    Stage stage = Stage::quiet;
    bool due = false;      // it has waited long enough to be shown
    bool settled = false;  // saved or refused
    int tries = 0;
  };
  using EntryRef = std::shared_ptr<Entry>;
  struct Set {
    std::deque<EntryRef> entries;  // in the order in which they came
    bool at_work = false;
    Executor::TimerId pause = 0;
  };
  using Sets = std::unordered_map<ConversationId, Set>;

  void take(Post post, Answer answer);
  [[nodiscard]] bool joins(const Post& post, Answer& answer);
  void put(EntryRef entry);

  void look_at(const EntryRef& entry);
  void show_due(const ConversationId& where);
  void ask_first(const EntryRef& entry);
  void asked(const EntryRef& entry, const Result<std::vector<UserId>>& open);
  void keep(const EntryRef& entry);
  void kept(const EntryRef& entry, bool is_kept);
  void show(const EntryRef& entry);

  void work(const ConversationId& where);
  Task<Result<engine::Sent>> save(std::shared_ptr<const Post> post, int tries);
  void saved(const EntryRef& entry, const Result<engine::Sent>& done);
  void try_again(const EntryRef& entry);
  void wake_who_rests();
  void settle(const EntryRef& entry);
  static void answer(const EntryRef& entry, const Result<Accepted>& what);

  // What is known of a pair: whether the other one has blocked the sender.
  [[nodiscard]] static std::optional<UserId> other_of(const Post& post);
  [[nodiscard]] std::optional<bool> is_blocked(const Post& post) const;
  void remember(const UserId& blocker, const UserId& blocked, bool on);
  [[nodiscard]] engine::Caller caller_of(const Post& post) const;
  [[nodiscard]] std::chrono::milliseconds pause_after(int tries);

  Executor& executor_;
  engine::Engine& engine_;
  Random& random_;
  const engine::Policy policy_;
  const Rules rules_;
  std::vector<Watcher> watchers_;
  Sets sets_;
  std::map<std::pair<UserId, std::string>, EntryRef> by_key_;
  std::map<std::pair<UserId, UserId>, bool> blocked_;  // blocker, blocked
  std::size_t bytes_ = 0;
  std::size_t waiting_ = 0;
  bool store_away_ = false;  // as far as it was heard last
  Instant lived_at_{};       // and when it was heard
  bool stopping_ = false;
  Gate saving_;
  Journal journal_;
};

}  // namespace parley::pending
