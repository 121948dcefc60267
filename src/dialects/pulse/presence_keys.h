// presence:<user> in Redis: who is at this door, for other services.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/names.h"
#include "redis/redis.h"

namespace parley::pulse {

// Lives on: any thread.
class PresenceKeys {
 public:
  PresenceKeys(std::unique_ptr<redis::Redis> redis, const Clock& clock);

  // Written when this comes back, if Redis is there.
  [[nodiscard]] Task<bool> came(UserId user, std::string connection);
  void went(const UserId& user, const std::string& connection);
  void say(const UserId& user, std::string_view status);
  // Now and then: who is there stays there, and whether Redis is there is looked at.
  void renew();
  [[nodiscard]] bool up() const { return redis_->up(); }

 private:
  struct Someone {
    std::vector<std::string> connections;  // the newest last
    std::string status = "online";
  };
  [[nodiscard]] redis::Commands commands_of(const UserId& user, const Someone& someone) const;
  [[nodiscard]] redis::Commands all_commands();

  const Clock& clock_;
  std::mutex mutex_;
  std::map<UserId, Someone> people_;
  Instant renewed_at_{};
  std::unique_ptr<redis::Redis> redis_;  // last: its thread ends before what it asks for
};

}  // namespace parley::pulse
