// What a batch of changes does to the rows: decided here once, for every adapter.
//
// A writer that holds the lane (nobody else commits to it meanwhile) gives the Plan the rows as they stand before the
// batch, applies the changes in order, and writes what take() says in one transaction. A change that can't be applied
// leaves no trace, so its neighbours don't notice.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/change.h"
#include "store/reader.h"

namespace parley::store {

// The rows before the batch. Asked at most once per row and batch.
class Before {
 public:
  virtual ~Before() = default;
  [[nodiscard]] virtual Result<std::optional<Conversation>> conversation(
      const ConversationId& id) = 0;
  [[nodiscard]] virtual Result<std::optional<Member>> member(const ConversationId& id,
                                                             const UserId& user) = 0;
  [[nodiscard]] virtual Result<std::optional<ConversationId>> direct(const UserId& low,
                                                                     const UserId& high) = 0;
  [[nodiscard]] virtual Result<std::optional<OnceRecord>> once(const UserId& who,
                                                               const std::string& key) = 0;
  [[nodiscard]] virtual Result<std::optional<Message>> message(const ConversationId& id,
                                                               Seq seq) = 0;
  [[nodiscard]] virtual Result<bool> reaction(const ConversationId& id, Seq seq, const UserId& user,
                                              const std::string& emoji) = 0;
  [[nodiscard]] virtual Result<std::optional<Record>> record(const std::string& space,
                                                             const std::string& owner,
                                                             const std::string& key) = 0;
  // How many messages by others than `user` stand at after < seq <= upto and are not gone.
  [[nodiscard]] virtual Result<std::uint64_t> others_messages(const ConversationId& id,
                                                              const UserId& user, Seq after,
                                                              Seq upto) = 0;
};

// The last position of each lane.
using Heads = std::map<std::uint32_t, std::uint64_t>;

struct MemberRow {
  ConversationId conversation;
  Member member;
};
struct OwnSends {  // unread_base += count, where the sender is a member
  ConversationId conversation;
  UserId user;
  std::uint64_t count = 0;
};
struct OnceRow {
  OnceKey key;
  OnceRecord record;
  Time at{};
};

// A message that is gone: unread_base += 1 of present members but the sender who have not read it.
struct Retracted {
  ConversationId conversation;
  Seq seq;
  UserId sender;
};
// One stretch that somebody read at once; those of one reader never overlap.
struct ReadingRow {
  ConversationId conversation;
  Reading reading;
  std::uint64_t at = 0;  // the position
};
struct BlockRow {
  BlockSet set;
  Time at{};
};
struct ReactionRow {
  ConversationId conversation;
  Seq seq;
  Reaction reaction;
  bool on = true;
};
struct MentionRow {
  ConversationId conversation;
  Seq seq;
  UserId user;  // empty: all
  UserId sender;
};
struct EditRow {
  ConversationId conversation;
  MessageId message;
  EarlierText before;
};

// The rows to write, in this order; each row appears once.
struct Writes {
  std::vector<Conversation> created;
  std::vector<Conversation> updated;  // whole rows, of conversations that were there before
  std::vector<EventRef> log;          // in order of position; a message's content is in its event
  std::vector<Retracted> retracted;
  std::vector<MemberRow> members;  // insert or replace, whole rows
  std::vector<OwnSends> own_sends;
  std::vector<ReadingRow> readings;
  std::vector<OnceRow> once;
  Heads heads;  // of the lanes that have moved
  std::vector<EditRow> edits;
  std::vector<BlockRow> blocks;
  std::vector<Message>
      amended;  // whole messages; all lose their mentions, the gone ones their edits and reactions
  std::vector<MentionRow> mentions;  // after those of the amended are gone
  std::vector<ReactionRow> reactions;
  std::vector<Record> records;     // insert or replace
  std::vector<Record> no_records;  // these go; only their names matter
  std::optional<Change::ForgetOnce> forget_once;
  [[nodiscard]] bool empty() const {
    return created.empty() && updated.empty() && log.empty() && members.empty() &&
           own_sends.empty() && once.empty() && blocks.empty() && records.empty() &&
           no_records.empty() && !forget_once;  // the others come with an event
  }
};

class Plan {
 public:
  // `heads`: of every lane that the batch will touch, before it.
  Plan(Before& before, std::uint32_t lanes, Heads heads);
  ~Plan();

  // An Error only where `before` failed (the whole batch is to be given up); every other fate is an Outcome.
  [[nodiscard]] Result<Committed> apply(const Change& change, const Origin& origin);
  [[nodiscard]] Writes take();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace parley::store
