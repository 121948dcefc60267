// The sessions that are open at this door: which device each is, for its owner and for administrators.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/names.h"

namespace parley::native {

struct Device {
  std::string session;
  UserId user;
  std::string device_id, platform, app_version;
  Time connected_at{};
};

// Lives on: any thread. Asked when a session begins and ends, and by who lists them.
class Devices {
 public:
  void came(Device device) {
    std::lock_guard lock(mutex_);
    const std::string session = device.session;
    open_[session] = std::move(device);
  }
  void went(const std::string& session) {
    std::lock_guard lock(mutex_);
    open_.erase(session);
  }
  // Of one user, or of all where it is empty; in the order of their sessions' names, after the given one.
  [[nodiscard]] std::vector<Device> list(const UserId& user, const std::string& after,
                                         std::size_t limit) const {
    std::lock_guard lock(mutex_);
    std::vector<Device> found;
    for (auto at = open_.upper_bound(after); at != open_.end() && found.size() < limit; ++at)
      if (user.empty() || at->second.user == user) found.push_back(at->second);
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Device> open_;
};

}  // namespace parley::native
