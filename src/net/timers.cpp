#include "net/timers.h"

#include <algorithm>

namespace parley::net {

Executor::TimerId Timers::add(Instant when, Work work) {
  works_.emplace(++last_, std::move(work));
  heap_.push_back({when, last_});
  std::ranges::push_heap(heap_, std::greater<>{});
  return last_;
}

void Timers::cancel(Executor::TimerId timer) {
  works_.erase(timer);
  if (heap_.size() <= 64 || heap_.size() <= works_.size() * 2) return;
  std::erase_if(heap_, [this](const Entry& entry) { return !works_.contains(entry.id); });
  std::ranges::make_heap(heap_, std::greater<>{});
}

std::optional<Work> Timers::due(Instant now) {
  drop_cancelled();
  if (heap_.empty() || heap_.front().when > now) return std::nullopt;
  auto work = works_.extract(heap_.front().id);
  pop();
  return std::move(work.mapped());
}

std::optional<Instant> Timers::next() {
  drop_cancelled();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

void Timers::drop_cancelled() {
  while (!heap_.empty() && !works_.contains(heap_.front().id)) pop();
}

void Timers::pop() {
  std::ranges::pop_heap(heap_, std::greater<>{});
  heap_.pop_back();
}

}  // namespace parley::net
