#include "base/worker.h"

#include <utility>

namespace parley {

Worker::Worker() : thread_([this] { run(); }) {}

bool Worker::add(Work work, std::size_t waiting_max) {
  std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= waiting_max) return false;
  waiting_.push_back(std::move(work));
  changed_.notify_one();
  return true;
}

void Worker::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace parley
