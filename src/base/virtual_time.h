// Time and execution that only move when told to: for tests and the simulator.
#pragma once

#include <deque>
#include <map>
#include <mutex>

#include "base/executor.h"

namespace parley {

// Posted work runs in order, on the thread that moves the time; when there is none, time jumps to the next timer. Only
// posting may be done from other threads.
class VirtualTime final : public Executor, public Clock {
 public:
  void post(Work work) override {
    std::lock_guard lock(mutex_);
    ready_.push_back(std::move(work));
  }
  TimerId after(std::chrono::milliseconds delay, Work work) override;
  void cancel(TimerId timer) override;
  [[nodiscard]] bool runs_here() const override { return current() == this; }

  [[nodiscard]] Time now() const override {
    return from_micros(1'767'323'045'000'000) +
           std::chrono::duration_cast<std::chrono::microseconds>(passed_);
  }
  [[nodiscard]] Instant instant() const override { return Instant{} + passed_; }

  // Everything that is ready, and what that makes ready; no timer.
  void run_ready();
  // The same, and all timers that are due within this time from now.
  void run_for(std::chrono::milliseconds time);
  // Starts something as this executor's own work.
  void run(Work work) {
    post(std::move(work));
    run_ready();
  }

 private:
  [[nodiscard]] Work next_ready();

  struct Timer {
    TimerId id = 0;
    Work work;
  };
  std::mutex mutex_;  // of ready_
  std::deque<Work> ready_;
  std::multimap<std::chrono::milliseconds, Timer> timers_;
  std::chrono::milliseconds passed_{0};
  TimerId next_timer_ = 1;
};

}  // namespace parley
