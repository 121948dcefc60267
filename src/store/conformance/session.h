// An open store, driven from a test: it submits, waits, and remembers what it heard.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "store/conformance/conformance.h"
#include "store/since.h"

namespace parley::store {

class Session final : public Listener {
 public:
  explicit Session(Storage& storage);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The change's fate; an Error fails the test.
  Committed commit(Change change);
  // All submitted before the first is waited for; fates in the order given.
  std::vector<Committed> commit_together(std::vector<Change> changes);
  // One after the other is submitted; nothing is waited for until settle().
  void submit(Change change);
  std::vector<Committed> settle();

  // The answer to a question; an Error fails the test.
  template <class Ask>
  auto ask(Ask ask) {
    auto answer = try_ask(std::move(ask));
    EXPECT_TRUE(answer.has_value()) << answer.error().detail;
    return answer ? std::move(*answer) : typename decltype(answer)::value_type{};
  }
  template <class Ask>
  auto try_ask(Ask ask) {
    return finish(browsed_ ? store_->browse(std::move(ask)) : store_->read(std::move(ask)));
  }
  Health health() { return finish(store_->health()); }

  Conversation conversation(ConversationId id);
  Member member(ConversationId id, const std::string& user);
  std::uint64_t unread(ConversationId id, const std::string& user);
  std::vector<EventRef> log(ConversationId id);
  SincePage since(const std::string& user, const Cursor& cursor, std::size_t limit = 100);
  Cursor head();
  // What the listener has heard, in that order.
  std::vector<EventRef> heard();
  Store& store() { return *store_; }
  void stop() { store_->stop(); }

 private:
  void settled(SettledBatch batch) override;
  template <class T>
  T finish(Task<T> task) {
    std::optional<T> value;
    run([&] {
      spawn(std::move(task), [&](T result) {
        std::lock_guard lock(mutex_);
        value.emplace(std::move(result));
        changed_.notify_all();
      });
    });
    wait([&] { return value.has_value(); });
    return std::move(*value);
  }
  void run(Work work);
  void wait(const std::function<bool()>& done);

  VirtualTime* time_;
  bool browsed_;
  std::unique_ptr<Store> store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Result<Committed>>>
      fates_;  // of what was submitted since the last settle()
  std::size_t known_ = 0;
  std::vector<EventRef> heard_;
};

}  // namespace parley::store
