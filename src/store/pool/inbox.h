// What waits for one thread, which takes all of it at once; bounded. What does not fit is taken too, apart, so that
// nothing is answered by the thread that put it in.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace parley::store {

template <class T>
class Inbox {
 public:
  explicit Inbox(std::size_t max) : max_(max) {}

  // Gives back what comes after close(): nobody would take it.
  std::optional<T> put(T item) {
    std::unique_lock lock(mutex_);
    if (closed_) return item;
    (waiting_.items.size() < max_ ? waiting_.items : waiting_.dropped).push_back(std::move(item));
    const bool wakes = waiting_.items.size() >= wanted_;
    if (wakes) wanted_ = nobody_waits;
    lock.unlock();
    if (wakes) filled_.notify_one();
    return std::nullopt;
  }

  // Until there is something to take, or never will be.
  void await() {
    std::unique_lock lock(mutex_);
    while (lacks(1)) filled_.wait(lock);
  }

  // The same, but no longer than that. True: there is.
  [[nodiscard]] bool await_for(std::chrono::milliseconds patience) {
    return gather(1, std::chrono::steady_clock::now() + patience);
  }

  // Until there are so many, or it is that time, or no more will come. True: one of the first and the last.
  bool gather(std::size_t wanted, std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    while (lacks(wanted))
      if (filled_.wait_until(lock, until) == std::cv_status::timeout) {
        wanted_ = nobody_waits;
        return closed_ || waiting_.items.size() >= wanted;
      }
    return true;
  }

  struct Taken {
    std::vector<T> items, dropped;
    [[nodiscard]] bool empty() const { return items.empty() && dropped.empty(); }
  };
  // What was taken before goes, and its memory is used for what comes next.
  void take_all(Taken& taken) {
    taken.items.clear();
    taken.dropped.clear();
    if (taken.items.capacity() > kept_most) taken.items.shrink_to_fit();
    std::lock_guard lock(mutex_);
    std::swap(taken, waiting_);
  }

  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
  }

 private:
  // Then whoever puts the last of them in tells.
  bool lacks(std::size_t wanted) {
    const bool lacking = !closed_ && waiting_.items.size() < wanted;
    wanted_ = lacking ? wanted : nobody_waits;
    return lacking;
  }

  static constexpr std::size_t nobody_waits = ~std::size_t{0};
  static constexpr std::size_t kept_most = 4'096;

  const std::size_t max_;
  std::mutex mutex_;
  std::condition_variable filled_;
  Taken waiting_;
  std::size_t wanted_ = nobody_waits;
  bool closed_ = false;
};

}  // namespace parley::store
