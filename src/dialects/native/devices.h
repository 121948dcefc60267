// The sessions that are open at this door: which device each is, for its owner and for administrators.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/names.h"

namespace parley::native {

struct Device {
  std::string session;
  UserId user;
  std::string device_id, platform, app_version;  // as its hello said
  std::string address;
  Time connected_at{};
};

// Lives on: any thread. Asked when a session begins and ends, and by who lists them.
class Devices {
 public:
  void came(Device device) {
    std::lock_guard lock(mutex_);
    leave(device.session);
    open_.insert(std::move(device));
  }
  void went(const std::string& session) {
    std::lock_guard lock(mutex_);
    leave(session);
  }
  // Of one user, or of all where it is empty; in the order of their sessions' names, after the given one.
  [[nodiscard]] std::vector<Device> list(const UserId& user, const std::string& after,
                                         std::size_t limit) const {
    std::lock_guard lock(mutex_);
    std::vector<Device> found;
    for (auto at = open_.upper_bound(after); at != open_.end() && found.size() < limit; ++at)
      if (user.empty() || at->user == user) found.push_back(*at);
    return found;
  }

 private:
  struct BySession {
    using is_transparent = void;
    bool operator()(const Device& a, const Device& b) const { return a.session < b.session; }
    bool operator()(const Device& a, std::string_view b) const { return a.session < b; }
    bool operator()(std::string_view a, const Device& b) const { return a < b.session; }
  };
  void leave(std::string_view session) {
    if (const auto at = open_.find(session); at != open_.end()) open_.erase(at);
  }

  mutable std::mutex mutex_;
  std::set<Device, BySession> open_;
};

}  // namespace parley::native
