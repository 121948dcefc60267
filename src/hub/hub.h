// hub: finds the connections of the people an event concerns, and hands each the event with its shared encoding.
//
// Knows:     who is connected to this loop, and which conversations they follow.
// Does not:  decide who may see what (engine), store anything (store), speak a wire (dialects).
// In:        what was committed, in order, from feed.h.   Out: deliveries to subscribers.
// Lives on:  one Hub per loop; its tables are touched by that loop only. Others post to it.
// Failing:   a subscriber that can't keep up is its connection's affair: it is cut and resumes by cursor.
// Start at:  Hub::deliver().
#pragma once

#include <array>
#include <unordered_map>
#include <vector>

#include "base/ref.h"
#include "hub/tail.h"
#include "model/cursor.h"
#include "model/event.h"
#include "model/signal.h"

namespace parley::hub {

// One event on its way to many: each dialect encodes it once and keeps the result in its slot for the next receiver.
class Encodings {
 public:
  static constexpr std::size_t slots = 16;  // two for each dialect
  [[nodiscard]] Ref<const RefCounted>& slot(std::size_t dialect) { return frames_[dialect]; }

 private:
  std::array<Ref<const RefCounted>, slots> frames_;
};

struct Delivery {
  const Event& event;
  const EventRef& shared;  // the same event, to keep
  const Cursor& cursor;    // where a reader stands who has seen everything up to this event
  Encodings& encodings;
};

// A connection's ear. Implemented by what follows events for a connection (engine/stream.h).
class Subscriber {
 public:
  Subscriber(UserId user, Origin origin) : user_(std::move(user)), origin_(origin) {}
  virtual ~Subscriber() = default;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // May close its connection, but not detach anybody from the hub during the call.
  virtual void receive(const Delivery& delivery) = 0;
  // Somebody has read; `pointer.user` may be this very user, on another device.
  virtual void receive(const Pointer& pointer, Encodings& encodings) = 0;
  // Of somebody else.
  virtual void receive(const Signal& signal, Encodings& encodings) = 0;

  [[nodiscard]] const UserId& user() const { return user_; }
  [[nodiscard]] const Origin& origin() const { return origin_; }
  [[nodiscard]] const std::vector<ConversationId>& follows() const { return follows_; }

 private:
  friend class Hub;
  UserId user_;
  Origin origin_;
  std::vector<ConversationId> follows_;  // sorted
  std::vector<UserId> watches_;
};

// Told whom and what a hub has connections for. Called on the hub's loop.
class Interest {
 public:
  virtual void concerns(const UserId& user, bool yes) = 0;
  virtual void concerns(const ConversationId& conversation, bool yes) = 0;

 protected:
  ~Interest() = default;
};

class Hub {
 public:
  explicit Hub(Cursor beginning) : positions_(std::move(beginning)) {}

  // Before the first subscriber: other processes commit to the store, too, and send here what is of interest.
  void tell(Interest& interest) { interest_ = &interest; }
  [[nodiscard]] bool is_one_of_many() const { return interest_ != nullptr; }

  // From now on the subscriber hears what concerns its user: joining conversations, and their own pointers.
  void attach(Subscriber& subscriber);
  // It follows these and no others.
  void follow(Subscriber& subscriber, std::vector<ConversationId> conversations);
  void detach(Subscriber& subscriber);
  // From now on it is told of the presence of these, and of no others.
  void watch(Subscriber& subscriber, std::vector<UserId> users);

  // Whether more than the reader's own connections hear of it.
  [[nodiscard]] static bool is_for_all(const Pointer& pointer) {
    return pointer.receipts && pointer.members_count <= pointers_shown_up_to_members;
  }
  // What was committed, in order.
  void deliver(const EventRef& event);
  void deliver(const Pointer& pointer);
  void deliver(const Signal& signal);
  // Something has taken this place that is told otherwise, or concerns nobody here.
  void saw(const Position& position) { positions_.saw(position); }

  // All events up to here have been delivered on this loop.
  [[nodiscard]] const Cursor& positions() const { return positions_; }
  // For who has to ask the store where it stands, while things happen.
  [[nodiscard]] Tail& tail() { return tail_; }
  [[nodiscard]] std::size_t subscribers() const { return attached_; }
  [[nodiscard]] std::size_t conversations() const { return followers_.size(); }

 private:
  using Subscribers = std::vector<Subscriber*>;

  Subscribers& followers_of(const ConversationId& conversation);
  void follow_one(Subscriber& subscriber, const ConversationId& conversation);
  void unfollow_one(Subscriber& subscriber, const ConversationId& conversation);
  void no_longer_follows(Subscriber& subscriber, const ConversationId& conversation);
  void each_of(const UserId& user, const auto& fn);
  void deliver_to_many(const Signal& signal);
  void deliver_to_all(const Signal& signal);

  Cursor positions_;
  Tail tail_;
  Interest* interest_ = nullptr;
  std::unordered_map<UserId, Subscribers> users_;
  std::unordered_map<ConversationId, Subscribers> followers_;
  std::unordered_map<UserId, Subscribers> watchers_;
  std::size_t attached_ = 0;
};

}  // namespace parley::hub
