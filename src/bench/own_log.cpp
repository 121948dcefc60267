#include "bench/own_log.h"

namespace parley::bench {

bool OwnLog::event(std::uint64_t seq) {
  if (seq < next_) return false;
  for (; next_ < seq; ++next_) {
    if (own_.erase(next_) == 0) left_out_.insert(next_);
  }
  own_.erase(seq);  // a resume shows its own messages too
  next_ = seq + 1;
  return true;
}

bool OwnLog::acknowledged(std::uint64_t seq) {
  if (seq < next_) return left_out_.erase(seq) == 1;
  return own_.insert(seq).second;
}

bool OwnLog::has_all(std::uint64_t end) const {
  std::uint64_t next = next_;
  while (next < end && own_.contains(next)) ++next;
  return next >= end && left_out_.empty();
}

}  // namespace parley::bench
