// What one connection has taken and is not told as delivered yet: one write for all that came meanwhile, in each
// conversation at most once a second. The larger a conversation is the longer it is gathered, so that all its members
// together tell about a hundred times a second.
//
// Lives on: one loop.
#pragma once

#include <functional>
#include <vector>

#include "base/executor.h"
#include "base/random.h"
#include "model/event.h"

namespace parley::native {

class Deliveries {
 public:
  // `authors`: of a large conversation, whose messages are among them.
  using Tell = std::function<void(const ConversationId&, Seq, std::vector<UserId> authors)>;

  Deliveries(Executor& executor, const Clock& clock, Random& random, Tell tell);
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  void took(const Event& event);
  // What waits, at once.
  void tell_all();

 private:
  struct Taken {
    ConversationId where;
    Seq upto{};
    Instant due{};
    Instant told{};  // before
    std::vector<UserId> authors{};
  };
  void tell(Taken& one);
  [[nodiscard]] Instant due(const Taken& one, std::uint32_t members) const;
  void wake_at(Instant when);
  void tell_due();

  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  Tell tell_;
  std::vector<Taken> taken_;  // those told lately stay for a second
  Executor::TimerId timer_ = 0;
  Instant wakes_at_ = Instant::max();
};

}  // namespace parley::native
