#include "hub/hub.h"

#include <algorithm>
#include <unordered_set>

#include "base/assert.h"
#include "base/metrics.h"

namespace parley::hub {
namespace {

void remove_one(std::vector<Subscriber*>& from, Subscriber* subscriber) {
  auto at = std::ranges::find(from, subscriber);
  if (at == from.end()) return;
  *at = from.back();  // order among receivers means nothing
  from.pop_back();
}

metrics::Counter& deliveries() {
  static auto& figure = metrics::counter("parley_deliveries_total", "Events handed to connections");
  return figure;
}

}  // namespace

void Hub::attach(Subscriber& subscriber) {
  Subscribers& mine = users_[subscriber.user()];
  if (mine.empty() && interest_ != nullptr) interest_->concerns(subscriber.user(), true);
  mine.push_back(&subscriber);
  ++attached_;
}

Hub::Subscribers& Hub::followers_of(const ConversationId& conversation) {
  Subscribers& followers = followers_[conversation];
  if (followers.empty() && interest_ != nullptr) interest_->concerns(conversation, true);
  return followers;
}

void Hub::detach(Subscriber& subscriber) {
  auto mine = users_.find(subscriber.user());
  PARLEY_ASSERT(mine != users_.end());
  remove_one(mine->second, &subscriber);
  if (mine->second.empty()) {
    users_.erase(mine);
    if (interest_ != nullptr) interest_->concerns(subscriber.user(), false);
  }
  for (const ConversationId& conversation : subscriber.follows_)
    no_longer_follows(subscriber, conversation);
  subscriber.follows_.clear();
  watch(subscriber, {});
  --attached_;
}

void Hub::follow(Subscriber& subscriber, std::vector<ConversationId> conversations) {
  std::ranges::sort(conversations);
  auto repeats = std::ranges::unique(conversations);
  conversations.erase(repeats.begin(), repeats.end());
  conversations.shrink_to_fit();
  std::vector<ConversationId> before;
  std::swap(before, subscriber.follows_);
  for (const ConversationId& one : conversations)
    if (!std::ranges::binary_search(before, one)) followers_of(one).push_back(&subscriber);
  for (const ConversationId& one : before)
    if (!std::ranges::binary_search(conversations, one)) no_longer_follows(subscriber, one);
  subscriber.follows_ = std::move(conversations);
}

void Hub::follow_one(Subscriber& subscriber, const ConversationId& conversation) {
  auto at = std::ranges::lower_bound(subscriber.follows_, conversation);
  if (at != subscriber.follows_.end() && *at == conversation) return;
  subscriber.follows_.insert(at, conversation);
  followers_of(conversation).push_back(&subscriber);
}

void Hub::unfollow_one(Subscriber& subscriber, const ConversationId& conversation) {
  auto at = std::ranges::lower_bound(subscriber.follows_, conversation);
  if (at == subscriber.follows_.end() || *at != conversation) return;
  subscriber.follows_.erase(at);
  no_longer_follows(subscriber, conversation);
}

void Hub::no_longer_follows(Subscriber& subscriber, const ConversationId& conversation) {
  auto followers = followers_.find(conversation);
  PARLEY_ASSERT(followers != followers_.end());
  remove_one(followers->second, &subscriber);
  if (!followers->second.empty()) return;
  followers_.erase(followers);
  if (interest_ != nullptr) interest_->concerns(conversation, false);
}

void Hub::each_of(const UserId& user, const auto& fn) {
  auto mine = users_.find(user);
  if (mine == users_.end()) return;
  for (Subscriber* subscriber : mine->second) fn(*subscriber);
}

void Hub::deliver(const EventRef& event) {
  positions_.saw(event->position);
  tail_.add(event);
  for (const UserId& user : event->joined)
    each_of(user, [&](Subscriber& subscriber) { follow_one(subscriber, event->conversation); });

  if (auto followers = followers_.find(event->conversation); followers != followers_.end()) {
    Encodings encodings;
    Delivery delivery{*event, event, positions_, encodings};
    for (Subscriber* subscriber : followers->second) subscriber->receive(delivery);
    deliveries().Increment(static_cast<double>(followers->second.size()));
  }

  for (const UserId& user : event->left)
    each_of(user, [&](Subscriber& subscriber) { unfollow_one(subscriber, event->conversation); });
  if (event->kind == EventKind::conversation_deleted) {
    auto followers = followers_.find(event->conversation);
    while (followers != followers_.end()) {
      unfollow_one(*followers->second.back(), event->conversation);
      followers = followers_.find(event->conversation);
    }
  }
}

void Hub::deliver(const Signal& signal) {
  if (signal.to_all) return deliver_to_all(signal);
  if (!signal.to.empty() || !signal.conversations.empty() || signal.kind == Signal::Kind::presence)
    return deliver_to_many(signal);
  auto followers = followers_.find(signal.conversation);
  if (followers == followers_.end()) return;
  Encodings encodings;
  for (Subscriber* subscriber : followers->second)
    if (subscriber->user() != signal.user) subscriber->receive(signal, encodings);
}

void Hub::deliver_to_all(const Signal& signal) {
  Encodings encodings;
  for (const auto& [user, subscribers] : users_)
    for (Subscriber* subscriber : subscribers) subscriber->receive(signal, encodings);
}

// Each once, for whatever reason it is told.
void Hub::deliver_to_many(const Signal& signal) {
  std::unordered_set<Subscriber*> told;
  Encodings encodings;
  auto tell = [&](Subscriber& subscriber) {
    if (told.insert(&subscriber).second) subscriber.receive(signal, encodings);
  };
  for (const UserId& user : signal.to) each_of(user, tell);
  for (const ConversationId& one : signal.conversations) {
    auto followers = followers_.find(one);
    if (followers == followers_.end()) continue;
    for (Subscriber* subscriber : followers->second)
      if (subscriber->user() != signal.user) tell(*subscriber);
  }
  if (signal.kind != Signal::Kind::presence) return;
  if (auto watchers = watchers_.find(signal.user); watchers != watchers_.end())
    for (Subscriber* subscriber : watchers->second) tell(*subscriber);
}

void Hub::watch(Subscriber& subscriber, std::vector<UserId> users) {
  for (const UserId& user : subscriber.watches_) {
    auto watchers = watchers_.find(user);
    PARLEY_ASSERT(watchers != watchers_.end());
    remove_one(watchers->second, &subscriber);
    if (watchers->second.empty()) watchers_.erase(watchers);
  }
  std::ranges::sort(users);
  auto repeats = std::ranges::unique(users);
  users.erase(repeats.begin(), repeats.end());
  for (const UserId& user : users) watchers_[user].push_back(&subscriber);
  subscriber.watches_ = std::move(users);
}

void Hub::deliver(const Pointer& pointer) {
  positions_.saw(pointer.position);
  tail_.add(pointer);
  Encodings encodings;
  if (!is_for_all(pointer)) {
    each_of(pointer.user, [&](Subscriber& subscriber) { subscriber.receive(pointer, encodings); });
    return;
  }
  auto followers = followers_.find(pointer.conversation);
  if (followers == followers_.end()) return;
  for (Subscriber* subscriber : followers->second) subscriber->receive(pointer, encodings);
}

}  // namespace parley::hub
