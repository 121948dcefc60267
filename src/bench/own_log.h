// One conversation as one member's connection sees it who also writes: events of the others' messages, and an ok with
// a seq for each of its own. Together they must be every seq once, and the events must come in order.
#pragma once

#include <cstdint>
#include <set>

namespace parley::bench {

class OwnLog {
 public:
  // The seq that comes next.
  explicit OwnLog(std::uint64_t next) : next_(next) {}
  // False: it came twice or too late.
  [[nodiscard]] bool event(std::uint64_t seq);
  // One of its own was acknowledged. False: it came as an event as well.
  [[nodiscard]] bool acknowledged(std::uint64_t seq);
  // Every seq below this one has come as an event or with an ok.
  [[nodiscard]] bool has_all(std::uint64_t end) const;
  // Behind the last event.
  [[nodiscard]] std::uint64_t next() const { return next_; }

 private:
  std::uint64_t next_;
  std::set<std::uint64_t> left_out_;  // passed by events; the oks of its own may still come
  std::set<std::uint64_t> own_;       // acknowledged, and not passed by an event yet
};

}  // namespace parley::bench
