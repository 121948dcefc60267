// What has happened in a conversation: committed, numbered, never changed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/conversation.h"
#include "model/message.h"

namespace parley {

// The numbers are stored: add at the end, never reorder.
enum class EventKind : std::uint8_t {
  message_created = 1,
  conversation_created = 2,
  conversation_updated = 3,
  conversation_deleted = 4,
  member_added = 5,
  member_removed = 6,
  member_updated = 7,
  message_updated = 8,
  message_deleted = 9,
  message_recalled = 10,
  message_pinned = 11,
  message_unpinned = 12,
  reaction_added = 13,
  reaction_removed = 14,
};
[[nodiscard]] std::string_view name_of(EventKind kind);  // "message.created"
// Of a message that was there before.
[[nodiscard]] inline bool amends_message(EventKind kind) {
  return kind >= EventKind::message_updated && kind <= EventKind::message_unpinned;
}

struct Event {
  MessageId id;
  ConversationId conversation;
  Seq seq;
  Position position;
  EventKind kind = EventKind::message_created;
  UserId actor;
  Time at{};
  std::shared_ptr<const Message>
      message;               // message.*: as it stands now, when read from the log later
  MessageId target;          // message.* but created, reaction.*: whose id it is about
  UserId subject;            // member.*: whom it is about
  Role role = Role::member;  // member.*: their role after it
  std::string details;       // conversation.*: what is new, a JSON object in the model's own words;
                             // reaction.*: the emoji

  // Only in the event as it is committed, not when it is read from the log: who begins to follow the conversation with
  // it, who ceases to, and which connection caused it.
  std::vector<UserId> joined, left;
  Origin origin;
  ConversationType place = ConversationType::group;
  bool answered = false;  // in a direct conversation: both have written by now
  std::uint32_t members_count = 0;
};
using EventRef = std::shared_ptr<const Event>;

// Somebody has read: state, not an event of the log.
struct Pointer {
  ConversationId conversation;
  UserId user;
  Seq read_seq;
  Seq read_before{};  // where it stood
  Seq upto{};         // what was asked for
  std::vector<SeqSpan>
      marked{};  // what there are receipts for now; where this is told as it happens
  Time at{};
  Seq delivered_seq{};     // with it, or alone where only this has moved
  Seq delivered_before{};  // where it stood
  bool only_delivered = false;
  MessageId message{};  // which one was marked, where the reader named one; never stored
  std::uint64_t unread = 0;
  Position position;
  bool receipts = true;   // false: nobody but the reader may know
  bool silently = false;  // read on arrival: not worth telling
  std::uint32_t members_count = 0;
  Origin origin;
};

}  // namespace parley
