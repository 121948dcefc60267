#include "hub/presence.h"

#include <algorithm>

#include "base/assert.h"

namespace parley::hub {
namespace {

constexpr auto looked_at = &std::pair<ConversationId, std::size_t>::first;

}  // namespace

std::size_t Presence::Someone::connections() const {
  std::size_t sum = here.connections;
  for (const auto& [process, stay] : elsewhere) sum += stay.connections;
  return sum;
}

Time Presence::Someone::since() const {
  Time earliest = here.connections > 0 ? here.since : Time::max();
  for (const auto& [process, stay] : elsewhere) earliest = std::min(earliest, stay.since);
  return earliest;
}

std::size_t Presence::came(const UserId& user, Time now) {
  std::lock_guard lock(mutex_);
  Someone& someone = people_[user];
  if (++someone.here.connections == 1) someone.here.since = now;
  tell_neighbour(user, someone);
  const std::size_t connections = someone.connections();
  if (connections == 1) tell_all(user, true);
  return connections;
}

std::optional<Time> Presence::online_since(const UserId& user) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end() || at->second.connections() == 0) return std::nullopt;
  return at->second.since();
}

std::size_t Presence::went(const UserId& user) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  PARLEY_ASSERT(at != people_.end() && at->second.here.connections > 0);
  Someone& someone = at->second;
  --someone.here.connections;
  tell_neighbour(user, someone);
  const std::size_t left = someone.connections();
  if (left == 0) {
    tell_all(user, false);
    say_farewell(user);
  }
  forget_if_gone(at);
  return left;
}

void Presence::forget_if_gone(People::iterator at) {
  if (at->second.connections() == 0) people_.erase(at);
}

std::vector<std::pair<UserId, Presence::Stay>> Presence::all_here() const {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<UserId, Stay>> all;
  for (const auto& [user, someone] : people_)
    if (someone.here.connections > 0) all.emplace_back(user, someone.here);
  return all;
}

void Presence::hear(std::uint64_t process, const UserId& user, const Stay& stay) {
  std::lock_guard lock(mutex_);
  auto at = people_.try_emplace(user).first;
  Someone& someone = at->second;
  const bool was_there = someone.connections() > 0;
  auto before =
      std::ranges::find(someone.elsewhere, process, &std::pair<std::uint64_t, Stay>::first);
  if (before != someone.elsewhere.end()) someone.elsewhere.erase(before);
  if (stay.connections > 0) {
    someone.elsewhere.emplace_back(process, stay);
    // However they said it last, and wherever.
    someone.here.status = stay.status;
  }
  if (was_there && someone.connections() == 0) say_farewell(user);
  forget_if_gone(at);
}

std::vector<UserId> Presence::forget(std::uint64_t process) {
  std::lock_guard lock(mutex_);
  std::vector<UserId> gone;
  for (auto at = people_.begin(); at != people_.end();) {
    Someone& someone = at->second;
    const auto was_there =
        std::erase_if(someone.elsewhere, [&](const auto& one) { return one.first == process; });
    if (was_there > 0 && someone.connections() == 0) {
      say_farewell(at->first);
      gone.push_back(at->first);
      at = people_.erase(at);
    } else {
      ++at;
    }
  }
  return gone;
}

std::size_t Presence::connections(const UserId& user) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  return at == people_.end() ? 0 : at->second.connections();
}

std::size_t Presence::elsewhere(const UserId& user) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  return at == people_.end() ? 0 : at->second.connections() - at->second.here.connections;
}

bool Presence::say(const UserId& user, std::string_view status) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end() || at->second.here.status == status) return false;
  at->second.here.status = status;
  tell_neighbour(user, at->second);
  return true;
}

std::string Presence::status(const UserId& user) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  return at == people_.end() || at->second.connections() == 0 ? "offline" : at->second.here.status;
}

std::vector<UserId> Presence::all_online() const {
  std::lock_guard lock(mutex_);
  std::vector<UserId> all;
  for (const auto& [user, someone] : people_)
    if (someone.connections() > 0 && someone.here.status != "offline") all.push_back(user);
  return all;
}

Presence::Totals Presence::totals() const {
  std::lock_guard lock(mutex_);
  Totals totals;
  for (const auto& [user, someone] : people_) {
    totals.users += someone.connections() > 0 ? 1 : 0;
    totals.connections += someone.connections();
  }
  return totals;
}

void Presence::looks_at(const UserId& user, const ConversationId& conversation) {
  std::lock_guard lock(mutex_);
  auto& looking = people_[user].looking;
  const auto at = std::ranges::find(looking, conversation, looked_at);
  if (at == looking.end())
    looking.emplace_back(conversation, 1);
  else
    ++at->second;
}

void Presence::looks_away(const UserId& user, const ConversationId& conversation) {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end()) return;
  auto& all = at->second.looking;
  const auto looking = std::ranges::find(all, conversation, looked_at);
  if (looking != all.end() && --looking->second == 0) all.erase(looking);
}

bool Presence::is_looking(const UserId& user, const ConversationId& conversation) const {
  std::lock_guard lock(mutex_);
  auto at = people_.find(user);
  if (at == people_.end()) return false;
  const auto& all = at->second.looking;
  return std::ranges::find(all, conversation, looked_at) != all.end();
}

}  // namespace parley::hub
