// One decided change of one conversation: everything of it is committed together, or nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/event.h"

namespace parley::store {

// A write that happens once: the same person's same key means the same write, for as long as the key is kept.
struct OnceKey {
  UserId who;
  std::string key;
  std::uint64_t fingerprint =
      0;  // of what was asked for: the same key with another one is the caller's mistake
  enum class Keep : std::uint8_t { with_the_message, a_day } keep = Keep::with_the_message;
};

// An event before it has its seq and position. `message`'s seq is filled in by the commit.
struct EventDraft {
  MessageId id;
  EventKind kind = EventKind::message_created;
  UserId subject;
  Role role = Role::member;
  std::string details;
  std::shared_ptr<Message> message;
};

struct MemberSet {
  UserId user;
  Role role = Role::member;
  std::size_t by_event =
      0;  // which of the change's events says so (its seq is where a new member joined)
};

struct ReadMove {
  UserId user;
  Seq upto;
  MessageId message{};    // the one at `upto`, where it is known
  bool silently = false;  // nobody else is told, and no receipt is kept
  bool only_delivered = false;
  bool only_that_one = false;  // what is before it stays as it is
  bool told_alone = false;     // what is before it is read, too, but without a receipt
  // It was read by then, without a receipt, and gets one now. Stale where the reader's pointer stands elsewhere.
  std::optional<std::uint64_t> late{};
};

// What becomes of a message that is there; the change's first event tells of it.
struct Amendment {
  MessageId id;
  Seq seq;
  // Detaching takes attachments away, and is no edit.
  enum class What : std::uint8_t {
    edits,
    deletes,
    recalls,
    pins,
    unpins,
    detaches
  } what = What::edits;
  std::optional<std::string> text, metadata;  // edits: what is new
  std::string attachments{};                  // detaches: those that are left
  std::optional<std::vector<Mention>> mentions{};
  // edits: with what others had added to it when this was decided, for the event to show.
  std::shared_ptr<const Message> seen_as{};
};

// The actor's own reaction to a message; the change's first event tells of it, unless it changes nothing.
struct ReactionSet {
  MessageId id;
  Seq seq;
  std::string emoji;
  bool on = true;
};

// A small document beside the conversations: a profile, a setting, a notification. Owners are users, or nobody.
struct Record {
  std::string space, owner, key;
  std::string body;           // JSON
  std::uint64_t version = 0;  // raised by each write
  Time at{};
};
struct RecordSet {
  std::string space, owner, key;
  std::optional<std::string> body;  // none: it goes
  std::optional<std::uint64_t>
      expects;  // its version; 0: it is not there. On any other all is stale
};

// Whether somebody lets another one write to them. It is of no conversation; `where` is any id in the lane of their pair.
struct BlockSet {
  UserId blocker, blocked;
  bool on = true;
};

struct Change {
  ConversationId where;
  UserId actor;
  Time at{};
  bool told_before =
      false;  // those who were there know of it, with this time: it stays, whatever came since
  std::optional<Version> expects;  // decided on this version; settles as stale on any other
  std::optional<OnceKey> once;
  std::optional<Conversation> creates;  // the new row; of it only what is not a counter is used
  struct Patch {
    std::optional<std::string> name, avatar_url, metadata;
    std::optional<ConversationSettings> settings;
    bool deletes = false;
  };
  std::optional<Patch> patch;
  std::vector<MemberSet> sets;  // new members, or new roles of old ones
  std::vector<UserId> removes;
  std::vector<EventDraft> events;
  std::optional<Amendment> amends;
  std::optional<ReactionSet> reacts;
  std::optional<BlockSet> block;
  std::vector<RecordSet>
      records;  // of no conversation; `where` is any id in the lane of their owner
  // These records take a place in their lane, which becomes their version: so a cursor tells who has seen them.
  bool records_in_order = false;
  // Not sooner than so long after the time of that document, which is then among those beside.
  struct Pace {
    std::string space, owner, key;
    std::chrono::seconds apart{};
  };
  std::optional<Pace> pace;
  // Keys of writes that are kept for a day, so many of them, used before that time.
  struct ForgetOnce {
    Time before{};
    std::size_t limit = 0;
  };
  std::optional<ForgetOnce> forget_once;  // of no conversation, like records
  std::vector<RecordSet>
      beside;  // written with the events, whatever was there: nobody decides anything on these
  std::optional<OwnPatch> own;   // the actor's own affair: no event, and nobody's standing
  std::optional<ReadMove> read;  // state, no event; never moves back

  // Whether who may do what has changed: raises the version.
  [[nodiscard]] bool changes_standing() const {
    return creates || patch || !sets.empty() || !removes.empty();
  }
};

enum class Outcome : std::uint8_t {
  committed,
  repeated,  // the key was used before: nothing was written; where, seq and fingerprint tell what it made
  exists,  // what was to be made is there already: these two's direct conversation, or that id: `where`
  stale,     // the conversation is at another version: read again and decide again
  missing,   // no such (living) conversation, or the reader is not in it
  beyond,    // the read pointer would pass the last event
  gone,      // the message was deleted or recalled
  too_soon,  // the pace does not let it yet: `since`
};

struct Committed {
  Outcome outcome = Outcome::committed;
  ConversationId where;
  Seq seq;                        // of the first event
  std::uint64_t fingerprint = 0;  // repeated: of the first write with that key
  std::vector<EventRef> events;
  Time since{};                      // too_soon: the time that it is too close to
  std::optional<Position> position;  // of records in order
  std::optional<Pointer> pointer;    // where the reader stands now, moved or not
  bool pointer_moved = false;
};

}  // namespace parley::store
