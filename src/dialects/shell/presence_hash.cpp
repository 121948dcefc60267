#include "dialects/shell/presence_hash.h"

namespace parley::shell {

PresenceHash::PresenceHash(std::unique_ptr<redis::Redis> redis, Kind kind, const Clock& clock)
    : kind_(std::move(kind)), clock_(clock), redis_(std::move(redis)) {
  redis_->when_back([this] { return all_commands(); });
  redis_->tell({{"PING"}});
}

std::string PresenceHash::key_of(const UserId& user) const {
  return kind_.prefix + ':' + user.text;
}

redis::Commands PresenceHash::commands_of(const UserId& user, const Entries& entries) const {
  if (entries.empty()) return {};
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch();
  redis::Command set{"HSET", key_of(user)};
  for (const auto& [field, entry] : entries) {
    set.push_back(field);
    set.push_back(entry.value.empty() ? std::to_string(now.count()) : entry.value);
  }
  return {std::move(set), {"EXPIRE", key_of(user), std::to_string(kind_.lives.count())}};
}

redis::Commands PresenceHash::all_commands() {
  std::lock_guard lock(mutex_);
  redis::Commands all;
  for (const auto& [user, entries] : people_)
    for (redis::Command& one : commands_of(user, entries)) all.push_back(std::move(one));
  return all;
}

void PresenceHash::came(const UserId& user, const std::string& field, std::string value) {
  std::lock_guard lock(mutex_);
  Entries& entries = people_[user];
  Entry& entry = entries[field];
  entry.value = std::move(value);
  ++entry.count;
  redis_->tell(commands_of(user, entries));
}

void PresenceHash::went(const UserId& user, const std::string& field) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end()) return;
  auto entry = at->second.find(field);
  if (entry == at->second.end() || --entry->second.count > 0) return;
  at->second.erase(entry);
  if (at->second.empty()) people_.erase(at);
  redis_->tell({{"HDEL", key_of(user), field}});
}

void PresenceHash::say(const UserId& user, const std::string& value) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end()) return;
  for (auto& [field, entry] : at->second) entry.value = value;
  redis_->tell(commands_of(user, at->second));
}

void PresenceHash::renew() {
  const Instant now = clock_.instant();
  if (now - renewed_at_ < kind_.lives / 3) return redis_->tell({{"PING"}});
  renewed_at_ = now;
  redis_->tell(all_commands());
}

}  // namespace parley::shell
