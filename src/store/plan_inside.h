// What a Plan remembers of a batch. For the files of this room that apply its changes; who uses a Plan sees plan.h.
//
// plan.cpp: the order of things; plan_members.cpp, plan_reading.cpp, plan_amending.cpp, plan_beside.cpp: one subject each.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/plan.h"

namespace parley::store {

using MemberKey = std::pair<ConversationId, UserId>;
using NameKey = std::pair<std::string, std::string>;
using MessageKey = std::pair<ConversationId, Seq>;

struct KnownConversation {
  std::optional<Conversation> row;
  bool created = false;
  bool changed = false;
};
struct KnownMember {
  std::optional<Member> row;
  bool changed = false;
};
using ReactionKey = std::tuple<ConversationId, Seq, UserId, std::string>;
using RecordKey = std::tuple<std::string, std::string, std::string>;

struct KnownReaction {
  bool before = false;
  Reaction now;
  bool on = false;
};
struct KnownRecord {
  std::optional<Record> row;
  bool changed = false;
};
struct KnownMessage {
  std::optional<Message> row;
  bool changed = false;
};

// Whether a member's count has it: everybody's who is in and has not read it, but not the sender's.
[[nodiscard]] inline bool counts(const Retracted& one, const ConversationId& where,
                                 const Member& member) {
  return one.conversation == where && member.present() && member.user != one.sender &&
         !member.has_read(one.seq);
}

struct Plan::Inside {
  Inside(Before& rows, std::uint32_t lane_count, Heads positions)
      : before(rows), lanes(lane_count), heads(std::move(positions)) {}

  Before& before;
  std::uint32_t lanes;
  Heads heads;
  std::set<std::uint32_t> moved;
  std::unordered_map<ConversationId, KnownConversation> conversations;
  std::map<MemberKey, KnownMember> members;
  std::map<MemberKey, std::uint64_t> own_sends;              // of members whose row is not loaded
  std::map<NameKey, Committed> keys;                         // used in this batch
  std::map<NameKey, std::optional<ConversationId>> directs;  // made or ended in this batch
  std::map<MessageKey, KnownMessage> messages;               // that are amended
  std::vector<EventRef> log;
  std::vector<OnceRow> once;
  std::vector<Retracted> retracted;
  std::vector<EditRow> edits;
  std::vector<BlockRow> blocks;
  std::vector<ReadingRow> readings;
  std::map<ReactionKey, KnownReaction> reactions;
  std::map<RecordKey, KnownRecord> records;
  std::optional<Change::ForgetOnce> forget_once;

  Result<KnownConversation*> conversation(const ConversationId& id) {
    auto [at, fresh] = conversations.try_emplace(id);
    if (!fresh) return &at->second;
    auto row = before.conversation(id);
    if (!row) {
      conversations.erase(at);
      return std::unexpected(std::move(row).error());
    }
    at->second.row = std::move(*row);
    return &at->second;
  }

  Result<KnownMember*> member(const ConversationId& id, const UserId& user) {
    auto [at, fresh] = members.try_emplace({id, user});
    if (!fresh) return &at->second;
    auto row = before.member(id, user);
    if (!row) {
      members.erase(at);
      return std::unexpected(std::move(row).error());
    }
    at->second.row = std::move(*row);
    // What this person sent earlier in the batch belongs into the row from now on.
    if (auto sent = own_sends.find({id, user}); sent != own_sends.end()) {
      if (at->second.row) {
        at->second.row->unread_base += sent->second;
        at->second.changed = true;
      }
      own_sends.erase(sent);
    }
    for (const Retracted& one : retracted) retract_from(at->second, one, id);
    return &at->second;
  }

  static void retract_from(KnownMember& known, const Retracted& one, const ConversationId& where) {
    if (!known.row || !counts(one, where, *known.row)) return;
    ++known.row->unread_base;
    known.changed = true;
  }

  Result<KnownMessage*> message(const ConversationId& id, Seq seq) {
    auto [at, fresh] = messages.try_emplace({id, seq});
    if (!fresh) return &at->second;
    auto written = std::ranges::find_if(log, [&](const EventRef& event) {
      return event->conversation == id && event->seq == seq &&
             event->kind == EventKind::message_created;
    });
    if (written != log.end()) {
      at->second.row = *(*written)->message;
      return &at->second;
    }
    auto row = before.message(id, seq);
    if (!row) {
      messages.erase(at);
      return std::unexpected(std::move(row).error());
    }
    at->second.row = std::move(*row);
    return &at->second;
  }

  Result<KnownReaction*> reaction(const ConversationId& id, const UserId& user,
                                  const ReactionSet& set) {
    auto [at, fresh] = reactions.try_emplace({id, set.seq, user, set.emoji});
    if (!fresh) return &at->second;
    auto there = before.reaction(id, set.seq, user, set.emoji);
    if (!there) {
      reactions.erase(at);
      return std::unexpected(std::move(there).error());
    }
    at->second.before = at->second.on = *there;
    return &at->second;
  }

  Result<KnownRecord*> record(const std::string& space, const std::string& owner,
                              const std::string& key) {
    auto [at, fresh] = records.try_emplace({space, owner, key});
    if (!fresh) return &at->second;
    auto row = before.record(space, owner, key);
    if (!row) {
      records.erase(at);
      return std::unexpected(std::move(row).error());
    }
    at->second.row = std::move(*row);
    return &at->second;
  }

  Position next_position(const ConversationId& id) {
    const std::uint32_t lane = lane_of(id, lanes);
    moved.insert(lane);
    return {lane, ++heads.at(lane)};
  }

  Result<std::optional<Committed>> used_before(const std::optional<OnceKey>& once_key);
  Result<std::optional<ConversationId>> direct(const UserId& low, const UserId& high) {
    if (auto here = directs.find({low.text, high.text}); here != directs.end()) return here->second;
    return before.direct(low, high);
  }
  Result<std::optional<Committed>> pair_exists(const Change& change);
  Result<void> load_members(const Change& change);
  std::uint64_t messages_here(const ConversationId& id, const UserId& reader, Seq after,
                              Seq upto) const;
  std::uint64_t retracted_here(const ConversationId& id, const UserId& reader, Seq after,
                               Seq upto) const;
  Result<std::uint64_t> unread_between(const ConversationId& id, const UserId& reader, Seq after,
                                       Seq upto);
  Result<void> mark(const ConversationId& id, Member& reader, SeqSpan span);
  Result<void> join_spans(const ConversationId& id, Member& reader, Seq seq);
  void amend(const Change& change, KnownMessage& known, Conversation& row, Event& event);
  void retract(const Message& gone);
  Result<Committed> apply_block(const Change& change);
  Result<Committed> apply_own(const Change& change, const Conversation& row);
  Result<Committed> apply_records(const Change& change);
  Result<bool> too_soon(const Change& change, Committed& done);
  void put_beside(const Change& change);
  void write_mentions(Writes& writes) const;
  Result<Committed> apply_read(const Change& change, const Origin& origin, KnownConversation& at);
  void number(const Change& change, const Origin& origin, Conversation& row, Committed& done,
              KnownMessage* amended);
  void count_message(const Event& event, Conversation& row);
  void set_members(const Change& change, Conversation& row, const Committed& done);
  void remove_members(const Change& change, Conversation& row, const Committed& done);
  static void patch(const Change& change, Conversation& row, const Committed& done);
};

}  // namespace parley::store
