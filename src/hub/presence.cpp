#include "hub/presence.h"

#include "base/assert.h"

namespace parley::hub {

std::size_t Presence::came(const UserId& user, Time now) {
  std::lock_guard lock(mutex_);
  Someone& someone = people_[user];
  const std::size_t connections = ++someone.connections;
  if (connections == 1) {
    someone.since = now;
    tell(user, true);
  }
  return connections;
}

std::optional<Time> Presence::online_since(const UserId& user) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end() || at->second.connections == 0) return std::nullopt;
  return at->second.since;
}

std::size_t Presence::went(const UserId& user) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  PARLEY_ASSERT(at != people_.end() && at->second.connections > 0);
  const std::size_t left = --at->second.connections;
  if (left == 0) {
    people_.erase(at);
    tell(user, false);
  }
  return left;
}

std::size_t Presence::connections(const UserId& user) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  return at == people_.end() ? 0 : at->second.connections;
}

bool Presence::say(const UserId& user, std::string_view status) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end() || at->second.status == status) return false;
  at->second.status = status;
  return true;
}

std::string Presence::status(const UserId& user) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  return at == people_.end() || at->second.connections == 0 ? "offline" : at->second.status;
}

std::vector<UserId> Presence::all_online() const {
  std::lock_guard lock(mutex_);
  std::vector<UserId> all;
  for (const auto& [user, someone] : people_)
    if (someone.connections > 0 && someone.status != "offline") all.push_back(user);
  return all;
}

Presence::Totals Presence::totals() const {
  std::lock_guard lock(mutex_);
  Totals totals;
  for (const auto& [user, someone] : people_) {
    totals.users += someone.connections > 0 ? 1 : 0;
    totals.connections += someone.connections;
  }
  return totals;
}

void Presence::looks_at(const UserId& user, const ConversationId& conversation) {
  std::lock_guard lock(mutex_);
  ++people_[user].looking[conversation];
}

void Presence::looks_away(const UserId& user, const ConversationId& conversation) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end()) return;
  auto looking = at->second.looking.find(conversation);
  if (looking != at->second.looking.end() && --looking->second == 0)
    at->second.looking.erase(looking);
}

bool Presence::is_looking(const UserId& user, const ConversationId& conversation) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  return at != people_.end() && at->second.looking.contains(conversation);
}

}  // namespace parley::hub
