// Work for later, in a heap. Cancelled entries stay until they come up, or until they are the greater part.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/executor.h"

namespace parley::net {

class Timers {
 public:
  Executor::TimerId add(Instant when, Work work);
  void cancel(Executor::TimerId timer);
  // One that is due, or nothing.
  [[nodiscard]] std::optional<Work> due(Instant now);
  [[nodiscard]] std::optional<Instant> next();

 private:
  struct Entry {
    Instant when;
    Executor::TimerId id;
    // Of the same instant, the first added comes first.
    friend bool operator>(const Entry& a, const Entry& b) {
      return a.when != b.when ? a.when > b.when : a.id > b.id;
    }
  };
  void drop_cancelled();
  void pop();

  std::vector<Entry> heap_;
  std::unordered_map<Executor::TimerId, Work> works_;
  Executor::TimerId last_ = 0;
};

}  // namespace parley::net
