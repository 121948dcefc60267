// Who may not come in, whatever their token says.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/time.h"

namespace parley::identity {

// Lives on: any thread. Asked with each token; nearly always it is empty.
class Banned {
 public:
  // Until then; Time::max(): for good.
  void set(const std::string& user, Time until) {
    std::lock_guard lock(mutex_);
    users_[user] = until;
    any_ = true;
  }
  void lift(const std::string& user) {
    std::lock_guard lock(mutex_);
    users_.erase(user);
    any_ = !users_.empty();
  }
  // These, and nobody else.
  void replace(std::map<std::string, Time> users) {
    std::lock_guard lock(mutex_);
    users_ = std::move(users);
    any_ = !users_.empty();
  }
  [[nodiscard]] bool has(const std::string& user, Time now) const {
    if (!any_) return false;
    std::lock_guard lock(mutex_);
    auto at = users_.find(user);
    return at != users_.end() && now < at->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Time> users_;
  std::atomic<bool> any_ = false;
};

}  // namespace parley::identity
