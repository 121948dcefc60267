// How many connections each person has at one door, over all its loops.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/result.h"
#include "model/names.h"

namespace parley::shell {

// Lives on: any thread. It is asked when somebody comes or goes, never per message.
class Headcount : public std::enable_shared_from_this<Headcount> {
 public:
  // One connection, counted as long as this is held.
  class Place {
   public:
    Place(std::shared_ptr<Headcount> at, UserId user)
        : at_(std::move(at)), user_(std::move(user)) {}
    Place(Place&&) = default;
    Place& operator=(Place&& other) noexcept {
      std::swap(at_, other.at_);
      std::swap(user_, other.user_);
      return *this;
    }
    ~Place() {
      if (at_) at_->leave(user_);
    }

   private:
    std::shared_ptr<Headcount> at_;
    UserId user_;
  };

  [[nodiscard]] static Error too_many() {
    return {Code::rate_limited, "this user has too many connections; close one first",
            std::chrono::seconds{1}};
  }
  // Nothing where they have as many as they may: also of those who come at the same moment.
  [[nodiscard]] std::optional<Place> enter(const UserId& user, std::size_t most) {
    std::lock_guard lock(mutex_);
    std::size_t& count = counts_[user];
    if (count >= most) return std::nullopt;
    ++count;
    return Place{shared_from_this(), user};
  }
  [[nodiscard]] std::size_t of(const UserId& user) const {
    std::lock_guard lock(mutex_);
    auto at = counts_.find(user);
    return at == counts_.end() ? 0 : at->second;
  }

 private:
  void leave(const UserId& user) {
    std::lock_guard lock(mutex_);
    auto at = counts_.find(user);
    if (--at->second == 0) counts_.erase(at);
  }

  mutable std::mutex mutex_;
  std::unordered_map<UserId, std::size_t> counts_;
};

}  // namespace parley::shell
