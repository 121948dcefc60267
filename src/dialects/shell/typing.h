// People who began to type, and have not said that they stopped: some time later they have.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "base/executor.h"
#include "model/names.h"

namespace parley::shell {

// Lives on: one loop.
class TypingEnds {
 public:
  using Tell = std::function<void(const UserId& user, const ConversationId& where)>;
  // `tell` is called for who is taken to have stopped.
  TypingEnds(Executor& executor, std::chrono::milliseconds after, Tell tell)
      : executor_(executor), after_(after), tell_(std::move(tell)) {}
  TypingEnds(const TypingEnds&) = delete;
  TypingEnds& operator=(const TypingEnds&) = delete;
  ~TypingEnds() {
    for (const auto& [who, timer] : typing_) executor_.cancel(timer);
  }

  void began(const UserId& user, const ConversationId& where) {
    forget(user, where);
    typing_[{user, where}] = executor_.after(after_, [this, user, where] { stopped(user, where); });
  }
  // Whether they had begun.
  bool forget(const UserId& user, const ConversationId& where) {
    auto at = typing_.extract({user, where});
    if (at) executor_.cancel(at.mapped());
    return !at.empty();
  }
  // As if the time had come.
  void stopped(const UserId& user, const ConversationId& where) {
    if (forget(user, where)) tell_(user, where);
  }

 private:
  Executor& executor_;
  std::chrono::milliseconds after_;
  Tell tell_;
  std::map<std::pair<UserId, ConversationId>, Executor::TimerId> typing_;
};

}  // namespace parley::shell
