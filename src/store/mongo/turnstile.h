// Many read at once, or one applies a batch, so that a reader sees whole batches. Who applies goes before who comes to read.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/time.h"

namespace parley::store::mongo {

class Turnstile {
 public:
  // False: it was not to be had in time.
  [[nodiscard]] bool enter_reading(Instant deadline) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, deadline, [this] { return appliers_ == 0; })) return false;
    ++readers_;
    return true;
  }
  void leave_reading() {
    std::lock_guard lock(mutex_);
    if (--readers_ == 0) changed_.notify_all();
  }
  void enter_applying() {
    std::unique_lock lock(mutex_);
    ++appliers_;
    changed_.wait(lock, [this] { return readers_ == 0 && !applying_; });
    applying_ = true;
  }
  void leave_applying() {
    std::lock_guard lock(mutex_);
    applying_ = false;
    --appliers_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int readers_ = 0;
  int appliers_ = 0;  // that have come, or are at it
  bool applying_ = false;
};

// Alone, for as long as it lives.
class Applying {
 public:
  explicit Applying(Turnstile& turnstile) : turnstile_(turnstile) { turnstile_.enter_applying(); }
  ~Applying() { turnstile_.leave_applying(); }
  Applying(const Applying&) = delete;
  Applying& operator=(const Applying&) = delete;

 private:
  Turnstile& turnstile_;
};

}  // namespace parley::store::mongo
