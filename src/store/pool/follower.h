// A thread that does what may follow a commit at some distance, in steps.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"

namespace parley::store {

// Lives on: its own thread, which gives way to all others. A step that fails is done again after a pause.
class Follower {
 public:
  // True: there is more to do at once.
  using Step = std::move_only_function<Result<bool>()>;
  // `gathering`: between a step and the next, so that much is done at once.
  Follower(std::string name, std::chrono::milliseconds gathering, Step step);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  // From any thread: there may be something to do.
  void poke() {
    if (!poked_.exchange(true)) wake();
  }

 private:
  void run();
  void wake();
  // Until then, or the end; or a poke where that counts.
  enum class Wakes : std::uint8_t { by_poke, by_time };
  void rest(std::chrono::milliseconds most, Wakes wakes);
  void tell_of(const Result<bool>& done);

  std::string name_;
  std::chrono::milliseconds gathering_;
  Step step_;
  std::atomic<bool> poked_ = true;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool failing_ = false;
  std::thread thread_;
};

}  // namespace parley::store
