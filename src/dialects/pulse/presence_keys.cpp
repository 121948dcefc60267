#include "dialects/pulse/presence_keys.h"

#include <algorithm>

namespace parley::pulse {
namespace {

// A killed server's users turn up as absent within this.
constexpr const char* lives_while_there = "300";
constexpr const char* lives_after = "2592000";
constexpr std::chrono::seconds between_renewals{60};

}  // namespace

PresenceKeys::PresenceKeys(std::unique_ptr<redis::Redis> redis, const Clock& clock)
    : clock_(clock), redis_(std::move(redis)) {
  redis_->when_back([this] { return all_commands(); });
  redis_->tell({{"PING"}});
}

redis::Commands PresenceKeys::commands_of(const UserId& user, const Someone& someone) const {
  const bool there = !someone.connections.empty();
  const std::string key = "presence:" + user.text;
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch();
  redis::Command set{"HSET",      key,
                     "status",    there ? someone.status : "offline",
                     "last_seen", std::to_string(now.count())};
  if (there) {
    set.emplace_back("connection_id");
    set.push_back(someone.connections.back());
  }
  return {std::move(set), {"EXPIRE", key, there ? lives_while_there : lives_after}};
}

redis::Commands PresenceKeys::all_commands() {
  std::lock_guard lock(mutex_);
  redis::Commands all;
  for (const auto& [user, someone] : people_)
    for (redis::Command& one : commands_of(user, someone)) all.push_back(std::move(one));
  return all;
}

Task<bool> PresenceKeys::came(UserId user, std::string connection) {
  redis::Commands commands;
  {
    std::lock_guard lock(mutex_);
    Someone& someone = people_[user];
    someone.connections.push_back(std::move(connection));
    commands = commands_of(user, someone);
  }
  co_return co_await redis_->told(std::move(commands));
}

void PresenceKeys::went(const UserId& user, const std::string& connection) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end() || std::erase(at->second.connections, connection) == 0) return;
  redis_->tell(commands_of(user, at->second));
  if (at->second.connections.empty()) people_.erase(at);
}

void PresenceKeys::say(const UserId& user, std::string_view status) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end()) return;
  at->second.status = status;
  redis_->tell(commands_of(user, at->second));
}

void PresenceKeys::renew() {
  const Instant now = clock_.instant();
  if (now - renewed_at_ < between_renewals) return redis_->tell({{"PING"}});
  renewed_at_ = now;
  redis_->tell(all_commands());
}

}  // namespace parley::pulse
