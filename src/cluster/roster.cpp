#include "cluster/roster.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace parley::cluster {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::chrono::milliseconds between_asks{500};
// What is said at once stays below what transports take.
constexpr std::size_t people_at_once = 4'000;

void pack(Packer& to, const UserId& user, const hub::Presence::Stay& stay) {
  to.user(user);
  to.number(stay.connections);
  to.time(stay.since);
  to.text(stay.status);
}

std::pair<UserId, hub::Presence::Stay> unpack_stay(Unpacker& from) {
  UserId user = from.user();
  hub::Presence::Stay stay;
  stay.connections = from.number();
  stay.since = from.time();
  stay.status = from.string();
  return {std::move(user), std::move(stay)};
}

}  // namespace

Roster::Roster(NodeNumber self, hub::Presence& presence, const Clock& clock, Say say)
    : self_(self), presence_(presence), clock_(clock), say_(std::move(say)) {
  presence_.tell(
      [this](const UserId& user, const hub::Presence::Stay& stay) { changed(user, stay); });
}

void Roster::changed(const UserId& user, const hub::Presence::Stay& stay) {
  std::lock_guard lock(changes_mutex_);
  changes_.emplace_back(user, stay);
}

void Roster::beat() {
  std::lock_guard lock(mutex_);
  say_changes();
  if (std::exchange(everybody_wanted_, false)) say_everybody();
  const Instant now = clock_.instant();
  auto is_unknown = [](const auto& one) { return !one.second.known; };
  if (std::ranges::any_of(nodes_, is_unknown) && now - asked_at_ >= between_asks) {
    asked_at_ = now;
    std::string body;
    Packer to(body);
    to.number(version);
    to.number(static_cast<std::uint64_t>(Word::ask));
    say_(std::move(body));
  }
  if (up_) forget_silent(now);
}

void Roster::tell() {
  std::lock_guard lock(mutex_);
  {
    std::lock_guard changes(changes_mutex_);
    if (changes_.empty()) return;
  }
  say_changes();
}

void Roster::forget_silent(Instant now) {
  std::vector<NodeNumber> silent;
  for (const auto& [number, node] : nodes_)
    if (now - std::max(node.heard_at, up_at_) > silence_max) silent.push_back(number);
  for (NodeNumber number : silent) gone(number);
}

// At least one, so that the others hear that this node lives.
void Roster::say_changes() {
  People changes;
  {
    std::lock_guard lock(changes_mutex_);
    changes.swap(changes_);
  }
  std::size_t at = 0;
  do {
    const std::size_t count = std::min(people_at_once, changes.size() - at);
    std::string body;
    Packer to(body);
    to.number(version);
    to.number(static_cast<std::uint64_t>(Word::changes));
    to.number(told_);
    to.list(std::span(changes).subspan(at, count),
            [&](const auto& one) { pack(to, one.first, one.second); });
    told_ += count;
    at += count;
    say_(std::move(body));
  } while (at < changes.size());
}

// As of what has been told: what changes while it is put together is told again, after it.
void Roster::say_everybody() {
  const auto all = presence_.all_here();
  std::uint64_t page = 0;
  std::size_t at = 0;
  do {
    const std::size_t count = std::min(people_at_once, all.size() - at);
    std::string body;
    Packer to(body);
    to.number(version);
    to.number(static_cast<std::uint64_t>(Word::everybody));
    to.number(told_);
    to.number(page++);
    to.flag(at + count == all.size());
    to.list(std::span(all).subspan(at, count),
            [&](const auto& one) { pack(to, one.first, one.second); });
    at += count;
    say_(std::move(body));
  } while (at < all.size());
}

void Roster::bye() {
  std::string body;
  Packer to(body);
  to.number(version);
  to.number(static_cast<std::uint64_t>(Word::bye));
  say_(std::move(body));
}

void Roster::heard(NodeNumber from, std::string_view body) {
  Unpacker in(body);
  if (in.number() != version || !in.good()) return;
  const Word word = in.one_of(Word::bye);
  if (!in.good()) return;
  std::lock_guard lock(mutex_);
  Node& node = nodes_[from];
  node.heard_at = clock_.instant();
  switch (word) {
    case Word::changes:
      return take_changes(from, node, in);
    case Word::everybody:
      return take_everybody(from, node, in);
    case Word::ask:
      everybody_wanted_ = true;
      return;
    case Word::bye:
      return gone(from);
  }
}

void Roster::take_changes(NodeNumber from, Node& node, Unpacker& in) {
  std::uint64_t number = in.number();
  // Nobody was with it before its first word.
  if (number == 0 && node.told == 0) {
    node.known = true;
    known_once_.insert(from);
  }
  if (number > node.told) node.known = false;
  // What is said of one person holds, whatever was missed of others: they are told of at once, and missed should their node
  // die before it has told of everybody.
  in.list([&] {
    auto [user, stay] = unpack_stay(in);
    if (!in.good() || number++ < node.told) return;
    if (node.known) node.told = number;
    // Of a node that was given up and is heard again: the others were told that they are gone, and who was there all the
    // time is not told of by their node.
    const bool back = !node.known && node.told == 0 && known_once_.contains(from) &&
                      stay.connections > 0 && !presence_.online(user);
    presence_.hear(from, user, stay);
    if (back) found_.push_back({user, true, told_gone_.contains(from)});
  });
}

void Roster::take_everybody(NodeNumber from, Node& node, Unpacker& in) {
  const std::uint64_t told = in.number();
  const std::uint64_t page = in.number();
  const bool is_last = in.flag();
  if (node.known && told <= node.told) return;
  if (page == 0) {
    node.gathered.clear();
    node.pages = 0;
  }
  if (page != node.pages) return;  // one was lost: it is asked for again
  ++node.pages;
  in.list([&] { node.gathered.push_back(unpack_stay(in)); });
  if (!in.good()) {
    node.pages = 0;
    return;
  }
  if (is_last) is_everybody(from, node, told);
}

// Who came while this was listening has been told of by their own node.
void Roster::note_found(NodeNumber from, const Node& node) {
  const bool known_before = known_once_.contains(from);
  const bool outside = told_gone_.erase(from) > 0;
  for (const auto& [user, stay] : node.gathered)
    if (stay.connections > 0 && !presence_.online(user))
      found_.push_back({user, known_before, outside});
}

void Roster::is_everybody(NodeNumber from, Node& node, std::uint64_t told) {
  note_found(from, node);
  known_once_.insert(from);
  auto missing = presence_.forget(from);
  for (const auto& [user, stay] : node.gathered) presence_.hear(from, user, stay);
  node.gathered.clear();
  node.pages = 0;
  node.told = told;
  node.known = true;
  // lost() knows who is there all the same. Their node has told those outside.
  for (UserId& user : missing) lost_.push_back({std::move(user), false});
}

// The one with the lowest number of those who are left tells those outside.
void Roster::gone(NodeNumber number) {
  nodes_.erase(number);
  const bool outside = nodes_.empty() || self_ < nodes_.begin()->first;
  if (outside) told_gone_.insert(number);
  for (UserId& user : presence_.forget(number)) lost_.push_back({std::move(user), outside});
}

void Roster::linked(bool up) {
  std::lock_guard lock(mutex_);
  up_ = up;
  if (!up) return;
  up_at_ = clock_.instant();
  everybody_wanted_ = true;
  for (auto& [number, node] : nodes_) node.known = false;
}

std::vector<Roster::Lost> Roster::lost() {
  std::lock_guard lock(mutex_);
  std::vector<Lost> still;
  for (Lost& one : std::exchange(lost_, {}))
    if (!presence_.online(one.user)) still.push_back(std::move(one));
  return still;
}

std::vector<Roster::Found> Roster::found() {
  std::lock_guard lock(mutex_);
  std::vector<Found> still;
  for (Found& one : std::exchange(found_, {}))
    if (presence_.online(one.user)) still.push_back(std::move(one));
  return still;
}

void Roster::put_back(std::span<Lost> lost) {
  std::lock_guard lock(mutex_);
  std::ranges::move(lost, std::back_inserter(lost_));
}

void Roster::put_back(std::span<Found> found) {
  std::lock_guard lock(mutex_);
  std::ranges::move(found, std::back_inserter(found_));
}

std::size_t Roster::nodes() const {
  std::lock_guard lock(mutex_);
  return nodes_.size() + 1;
}

}  // namespace parley::cluster
