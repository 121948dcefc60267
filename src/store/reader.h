// What may be asked of a store. Every adapter implements it, blocking; one snapshot per question.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "model/cursor.h"
#include "model/event.h"
#include "store/change.h"
#include "store/tokens.h"

namespace parley::store {

// A person's place in a conversation: both rows. Kept when they have left or the conversation is deleted.
struct Membership {
  Conversation conversation;
  Member member;
};

struct MessageRange {
  enum class Towards : std::uint8_t { older, newer } towards = Towards::older;
  Seq from;  // older: below it (0: from the newest); newer: above it
  std::size_t limit = 50;
};

struct OnceRecord {
  std::uint64_t fingerprint = 0;
  ConversationId conversation;
  Seq seq;
};

// What a message said until it was edited.
struct EarlierText {
  std::string text;
  Time until{};
};

struct Block {
  UserId blocked;
  Time since{};
};

struct RecordRange {
  std::string after;  // a key; empty: from the beginning (or the end)
  std::size_t limit = 50;
  bool newest_first = false;  // by key, downwards
};

// What has happened in one lane: an event, or else a reading.
struct TrailStep {
  std::uint64_t at = 0;  // the position
  EventRef event;
  ConversationId conversation;
  Reading reading;
};

// A message's place.
using Place = std::pair<ConversationId, Seq>;

// Messages of one conversation that may be hits, newest first.
struct MaybeHits {
  std::vector<Message> messages;
  Seq below;  // where to go on; 0: there are no more
};

class Reader {
 public:
  virtual ~Reader() = default;

  [[nodiscard]] virtual Result<std::optional<Conversation>> conversation(
      const ConversationId& id) = 0;
  // The row of that person, also when they have left; nothing where they never were in.
  [[nodiscard]] virtual Result<std::optional<Member>> member(const ConversationId& id,
                                                             const UserId& user) = 0;
  // Present members by user id, after the given one.
  [[nodiscard]] virtual Result<std::vector<Member>> members(const ConversationId& id,
                                                            const UserId& after,
                                                            std::size_t limit) = 0;
  // The present members with a role of at least this, oldest in the conversation first.
  [[nodiscard]] virtual Result<std::vector<Member>> members_from(const ConversationId& id,
                                                                 Role least, std::size_t limit) = 0;
  // How many there are that are not deleted.
  [[nodiscard]] virtual Result<std::uint64_t> living_conversations() = 0;
  // All conversations this person is or was in (deleted ones too).
  [[nodiscard]] virtual Result<std::vector<Membership>> memberships(const UserId& user) = 0;
  // Where they are now; deleted conversations may be among them.
  [[nodiscard]] virtual Result<std::vector<ConversationId>> conversations_of(const UserId& user);
  // The others of their direct conversations, as far as both are still there.
  [[nodiscard]] virtual Result<std::vector<UserId>> partners(const UserId& user);
  // Those of memberships() where something has happened since the cursor, and those with something unread if asked for;
  // others may be among them.
  enum class Unread : std::uint8_t { too, not_asked_for };
  [[nodiscard]] virtual Result<std::vector<Membership>> memberships_with_news(const UserId& user,
                                                                              const Cursor& since,
                                                                              Unread unread);
  [[nodiscard]] virtual Result<std::optional<ConversationId>> direct(const UserId& low,
                                                                     const UserId& high) = 0;
  [[nodiscard]] virtual Result<bool> blocks(const UserId& blocker, const UserId& blocked) = 0;
  // By user id, after the given one.
  [[nodiscard]] virtual Result<std::vector<Block>> blocks_of(const UserId& blocker,
                                                             const UserId& after,
                                                             std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::optional<OnceRecord>> once(const UserId& who,
                                                               const std::string& key) = 0;
  // Whether there is any that Change::forget_once would remove.
  [[nodiscard]] virtual Result<bool> once_before(Time before) = 0;

  [[nodiscard]] virtual Result<std::optional<Message>> message(const MessageId& id) = 0;
  // In the direction asked for: older is newest first, newer is oldest first.
  [[nodiscard]] virtual Result<std::vector<Message>> messages(const ConversationId& id,
                                                              const MessageRange& range) = 0;
  // The messages with exactly these places, in the order asked; what is no message is left out.
  [[nodiscard]] virtual Result<std::vector<Message>> messages_at(
      const std::vector<Place>& places) = 0;

  // The living replies to this message, oldest first, after the given place.
  [[nodiscard]] virtual Result<std::vector<Message>> replies(const Message& parent, Seq after,
                                                             std::size_t limit) = 0;
  // Of the messages at from <= seq <= upto, in the order of seq and time.
  [[nodiscard]] virtual Result<std::vector<std::pair<Seq, Reaction>>> reactions(
      const ConversationId& id, Seq from, Seq upto) = 0;
  // How many living replies these have; those without are left out.
  [[nodiscard]] virtual Result<std::vector<std::pair<MessageId, std::uint64_t>>> reply_counts(
      const ConversationId& id, const std::vector<MessageId>& parents) = 0;
  // Pinned last comes first.
  [[nodiscard]] virtual Result<std::vector<Message>> pinned(const ConversationId& id,
                                                            std::size_t limit) = 0;
  // How many living messages by others above `after` mention this person, or all.
  [[nodiscard]] virtual Result<std::uint64_t> mention_count(const ConversationId& id,
                                                            const UserId& user, Seq after) = 0;
  // Who read what of from <= seq <= upto, and when; in the order of time. Not of those who let nobody know.
  [[nodiscard]] virtual Result<std::vector<Reading>> readings(const ConversationId& id, Seq from,
                                                              Seq upto) = 0;
  [[nodiscard]] virtual Result<std::optional<Record>> record(const std::string& space,
                                                             const std::string& owner,
                                                             const std::string& key) = 0;
  [[nodiscard]] virtual Result<std::vector<Record>> records(const std::string& space,
                                                            const std::string& owner,
                                                            const RecordRange& range) = 0;

  // Oldest first; none of a message that is gone.
  [[nodiscard]] virtual Result<std::vector<EarlierText>> edits(const MessageId& id) = 0;

  // Events with seq >= from, in order.
  [[nodiscard]] virtual Result<std::vector<EventRef>> log(const ConversationId& id, Seq from,
                                                          std::size_t limit) = 0;
  // The first event whose position in the conversation's lane is above `at`; nothing if there is none. Costs by how far
  // back it is, not by the conversation's length.
  [[nodiscard]] virtual Result<std::optional<Seq>> first_after(const ConversationId& id,
                                                               std::uint64_t at) = 0;
  // Members (present) whose read pointer moved after `at`.
  [[nodiscard]] virtual Result<std::vector<Member>> pointers_after(const ConversationId& id,
                                                                   std::uint64_t at) = 0;
  // What has happened in that lane after a position, in order.
  [[nodiscard]] virtual Result<std::vector<TrailStep>> trail(std::uint32_t lane,
                                                             std::uint64_t after,
                                                             std::size_t limit) = 0;
  // Finding by tokens: all living messages of this snapshot that have them are among these, and perhaps others. What is
  // given here is for a store without an index: it names everything.
  // Below that place (0: from the newest); about as many as the limit, newest first.
  [[nodiscard]] virtual Result<MaybeHits> maybe_hits(const ConversationId& where,
                                                     const Tokens& sought, Seq below,
                                                     std::size_t limit);
  // Of all these conversations (in order, each once), in order. Nothing: too many to be worth it, or not known; then each
  // is asked.
  [[nodiscard]] virtual Result<std::optional<std::vector<Place>>> few_places(
      const std::vector<ConversationId>& among, const Tokens& sought);
  // How many events the index does not have yet. They are found all the same.
  [[nodiscard]] virtual Result<std::uint64_t> not_indexed();

  // Everything committed, as this snapshot sees it.
  [[nodiscard]] virtual Result<Cursor> head() = 0;

  // It was a replica's, which went away: what has failed since may be asked of the primary.
  [[nodiscard]] virtual bool replica_lost() const { return false; }
};

}  // namespace parley::store
