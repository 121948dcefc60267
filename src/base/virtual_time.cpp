#include "base/virtual_time.h"

namespace parley {

Executor::TimerId VirtualTime::after(std::chrono::milliseconds delay, Work work) {
  TimerId id = next_timer_++;
  timers_.emplace(passed_ + delay, Timer{id, std::move(work)});
  return id;
}

void VirtualTime::cancel(TimerId timer) {
  std::erase_if(timers_, [&](const auto& entry) { return entry.second.id == timer; });
}

void VirtualTime::run_ready() {
  Scope here(*this);
  while (Work work = next_ready()) work();
}

Work VirtualTime::next_ready() {
  std::lock_guard lock(mutex_);
  if (ready_.empty()) return {};
  Work work = std::move(ready_.front());
  ready_.pop_front();
  return work;
}

void VirtualTime::run_for(std::chrono::milliseconds time) {
  const auto end = passed_ + time;
  run_ready();
  while (!timers_.empty() && timers_.begin()->first <= end) {
    passed_ = timers_.begin()->first;
    post(std::move(timers_.begin()->second.work));
    timers_.erase(timers_.begin());
    run_ready();
  }
  passed_ = end;
}

}  // namespace parley
