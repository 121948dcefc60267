#include "store/pool/follower.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/log.h"

namespace parley::store {
namespace {

// What others have done (another process on the same database) is noticed after this.
constexpr std::chrono::milliseconds idle{1'000};
constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{5'000};
constexpr int niceness = 10;

}  // namespace

Follower::Follower(std::string name, std::chrono::milliseconds gathering, Step step)
    : name_(std::move(name)),
      gathering_(gathering),
      step_(std::move(step)),
      thread_([this] { run(); }) {}

Follower::~Follower() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Follower::wake() {
  {
    std::lock_guard lock(mutex_);
  }
  changed_.notify_all();
}

void Follower::run() {
  ::setpriority(PRIO_PROCESS, 0, niceness);  // on Linux that is this thread alone
  std::chrono::milliseconds pause = first_pause;
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    poked_ = false;
    const Result<bool> done = step_();
    tell_of(done);
    if (!done) {
      rest(pause, Wakes::by_time);
      pause = std::min(pause * 2, longest_pause);
      continue;
    }
    pause = first_pause;
    if (*done) continue;
    rest(gathering_, Wakes::by_time);
    rest(idle, Wakes::by_poke);
  }
}

void Follower::rest(std::chrono::milliseconds most, Wakes wakes) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [&] { return stopping_ || (wakes == Wakes::by_poke && poked_); });
}

// Once for each time that it changes.
void Follower::tell_of(const Result<bool>& done) {
  if (done.has_value() != failing_) return;
  failing_ = !failing_;
  if (failing_)
    log::warn("what follows the commits waits", {{"what", name_}, {"why", done.error().detail}});
  else
    log::info("what follows the commits goes on", {{"what", name_}});
}

}  // namespace parley::store
