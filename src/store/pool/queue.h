// A bounded queue between threads. What does not fit is handed out too, marked, so that nothing is answered by the
// thread that pushes.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace parley::store {

template <class T>
class Queue {
 public:
  explicit Queue(std::size_t max) : max_(max) {}

  // Gives back what comes after close(): nobody would take it.
  std::optional<T> push(T item) {
    std::unique_lock lock(mutex_);
    if (closed_) return item;
    items_.push_back({std::move(item), items_.size() >= max_});
    wake_one(lock);
    return std::nullopt;
  }

  struct Popped {
    T item;
    bool dropped = false;
  };
  // Waits for one; nothing once the queue is closed and empty.
  [[nodiscard]] std::optional<Popped> pop() {
    std::unique_lock lock(mutex_);
    wait(lock);
    if (items_.empty()) return std::nullopt;
    Popped first = std::move(items_.front());
    items_.pop_front();
    if (!items_.empty()) wake_one(lock);
    return first;
  }

  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }

 private:
  void wait(std::unique_lock<std::mutex>& lock) {
    ++waiting_;
    filled_.wait(lock, [this] { return closed_ || !items_.empty(); });
    has_woken();
  }

  // One at a time: it wakes the next one if there is more than it takes. Who is busy looks by itself when it is done.
  void wake_one(std::unique_lock<std::mutex>& lock) {
    const bool wakes = waiting_ > 0 && !waking_;
    waking_ |= wakes;
    lock.unlock();
    if (wakes) filled_.notify_one();
  }
  void has_woken() {
    --waiting_;
    waking_ = false;
  }

  const std::size_t max_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Popped> items_;
  std::size_t waiting_ = 0;
  bool waking_ = false;  // one of these has been told, and has not looked yet
  bool closed_ = false;
};

}  // namespace parley::store
