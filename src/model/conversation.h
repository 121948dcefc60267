// A conversation, its settings and its members.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "model/names.h"
#include "model/spans.h"

namespace parley {

enum class ConversationType : std::uint8_t { direct, group, channel };
// In the order of power: nobody touches a role above their own.
enum class Role : std::uint8_t { reader, member, admin, owner };
enum class Who : std::uint8_t { all, admins };
enum class Notify : std::uint8_t { all, mentions, none };

[[nodiscard]] std::string_view name_of(ConversationType type);
[[nodiscard]] std::string_view name_of(Role role);
[[nodiscard]] std::string_view name_of(Who who);
[[nodiscard]] std::string_view name_of(Notify notify);
[[nodiscard]] std::optional<ConversationType> parse_conversation_type(std::string_view text);
[[nodiscard]] std::optional<Role> parse_role(std::string_view text);
[[nodiscard]] std::optional<Who> parse_who(std::string_view text);
[[nodiscard]] std::optional<Notify> parse_notify(std::string_view text);

struct ConversationSettings {
  bool read_receipts = true;
  Who who_can_add = Who::admins;
  Who who_can_post = Who::all;                // a channel starts with admins
  std::chrono::seconds slow_mode{0};          // between two messages of one member; 0: none
  std::uint32_t retention_days = 0;           // after these its messages go; 0: never
  std::optional<bool> first_message_limit{};  // none: as the door has it
  friend bool operator==(const ConversationSettings&, const ConversationSettings&) = default;
};

// A conversation's own row: what it is, and the counters that its log moves.
struct Conversation {
  ConversationId id;
  ConversationType type = ConversationType::group;
  // Direct only: the two people, the smaller id first; for notes to oneself both are the same.
  UserId direct_low, direct_high;
  std::string name;
  std::string avatar_url;
  std::string metadata;  // a JSON object, or empty
  ConversationSettings settings;
  Time created_at{};
  Time updated_at{};  // of the last event

  Version version{1};
  Seq last_seq;                     // of the last event
  std::uint64_t last_at = 0;        // that event's position in the conversation's lane
  std::uint64_t pointers_at = 0;    // position at which a member's read pointer moved last
  std::uint64_t message_count = 0;  // every message ever sent here, also those gone since
  Seq last_message_seq;             // 0: none yet
  std::uint32_t members_count = 0;
  Seq deleted_seq;  // of conversation.deleted; 0: it lives
  // Of a direct one: who of the two has ever written in it.
  bool low_spoke = false;
  bool high_spoke = false;
};

// How somebody wants to have a conversation; nobody else sees it.
struct OwnSettings {
  Seq hidden_seq;  // not listed until a message after this; 0: listed
  bool pinned = false;
  bool archived = false;
  Time muted_until{};  // zero: not muted
  Notify notifications = Notify::all;
  bool read_receipts = true;  // false: nobody learns how far this one has read
  friend bool operator==(const OwnSettings&, const OwnSettings&) = default;
};

struct OwnPatch {
  std::optional<bool> pinned, archived, read_receipts;
  std::optional<Time> muted_until;
  std::optional<Notify> notifications;
  std::optional<bool> hidden;
};

// A member's row. It stays when the member leaves (left_seq), so that a later resume can still say so.
struct Member {
  UserId user;
  Role role = Role::member;
  Time joined_at{};
  Seq joined_seq;  // of the event by which they (last) joined
  Seq first_joined_seq;  // of the event by which they joined first: what was before it never was news to them
  Seq left_seq;          // of member.removed; 0: they are in
  Seq read_seq;          // the end of the first unbroken stretch they have read
  SeqSpans read_beyond;  // what they have read after it, with something unread before and between
  Time read_at{};
  Seq delivered_seq;  // how far their connections have taken what was said; never behind read_seq
  Time delivered_at{};
  std::uint64_t read_position =
      0;  // when the pointer moved last, as a position in the conversation's lane
  // unread = message_count − unread_base: own, read and vanished messages raise the base, so that a new message costs
  // one counter, however many members there are.
  std::uint64_t unread_base = 0;

  OwnSettings own;

  [[nodiscard]] bool present() const { return left_seq.value == 0; }
  [[nodiscard]] bool has_read(Seq seq) const {
    return seq <= read_seq || read_beyond.contains(seq);
  }
};

// When somebody read what.
struct Reading {
  UserId user;
  SeqSpan span;
  Time at{};
};

[[nodiscard]] inline std::uint64_t unread_count(const Conversation& in, const Member& member) {
  return in.message_count - member.unread_base;
}

// Pointers are shown to all members of conversations up to this size; in larger ones only to the reader's own devices.
inline constexpr std::uint32_t pointers_shown_up_to_members = 100;

// One lane's worth of the conversation's id; the store's lanes are chosen by it.
[[nodiscard]] inline std::uint32_t lane_of(const ConversationId& id, std::uint32_t lanes) {
  return id.bytes[11] % lanes;
}

}  // namespace parley
