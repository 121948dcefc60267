#include "store/plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/assert.h"

namespace parley::store {
namespace {

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
bool counts(const Retracted& one, const ConversationId& where, const Member& member) {
  return one.conversation == where && member.present() && member.user != one.sender &&
         !member.has_read(one.seq);
}

}  // namespace

struct Plan::Inside {
  Before& before;
  std::uint32_t lanes;
  Heads heads;
  std::set<std::uint32_t> moved;
  std::unordered_map<ConversationId, KnownConversation> conversations;
  std::map<MemberKey, KnownMember> members;
  std::map<MemberKey, std::uint64_t> own_sends;  // of members whose row is not loaded
  std::map<NameKey, Committed> keys;             // used in this batch
  std::map<NameKey, ConversationId> directs;     // made in this batch
  std::map<MessageKey, KnownMessage> messages;   // that are amended
  std::vector<EventRef> log;
  std::vector<OnceRow> once;
  std::vector<Retracted> retracted;
  std::vector<EditRow> edits;
  std::vector<BlockRow> blocks;
  std::vector<ReadingRow> readings;
  std::map<ReactionKey, KnownReaction> reactions;
  std::map<RecordKey, KnownRecord> records;

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

  Result<KnownRecord*> record(const RecordSet& set) {
    auto [at, fresh] = records.try_emplace({set.space, set.owner, set.key});
    if (!fresh) return &at->second;
    auto row = before.record(set.space, set.owner, set.key);
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
  void write_mentions(Writes& writes) const;
  Result<Committed> apply_read(const Change& change, const Origin& origin, KnownConversation& at);
  void number(const Change& change, const Origin& origin, Conversation& row, Committed& done,
              KnownMessage* amended);
  void count_message(const Event& event, Conversation& row);
  void set_members(const Change& change, Conversation& row, const Committed& done);
  void remove_members(const Change& change, Conversation& row, const Committed& done);
  static void patch(const Change& change, Conversation& row, const Committed& done);
};

Plan::Plan(Before& before, std::uint32_t lanes, Heads heads)
    : inside_(std::make_unique<Inside>(Inside{before,
                                              lanes,
                                              std::move(heads),
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {},
                                              {}})) {}
Plan::~Plan() = default;

Result<std::optional<Committed>> Plan::Inside::used_before(const std::optional<OnceKey>& once_key) {
  if (!once_key) return std::nullopt;
  if (auto here = keys.find({once_key->who.text, once_key->key}); here != keys.end())
    return here->second;
  TRY(record, before.once(once_key->who, once_key->key));
  if (!record) return std::nullopt;
  Committed first;
  first.outcome = Outcome::repeated;
  first.where = record->conversation;
  first.seq = record->seq;
  first.fingerprint = record->fingerprint;
  return first;
}

Result<std::optional<Committed>> Plan::Inside::pair_exists(const Change& change) {
  if (!change.creates || change.creates->type != ConversationType::direct) return std::nullopt;
  const auto& [low, high] = std::tie(change.creates->direct_low, change.creates->direct_high);
  Committed there;
  there.outcome = Outcome::exists;
  TRY(id, direct(low, high));
  if (!id) return std::nullopt;
  there.where = *id;
  return there;
}

Result<void> Plan::Inside::load_members(const Change& change) {
  for (const MemberSet& set : change.sets) {
    // Nobody is in a conversation that is only being made.
    if (change.creates)
      members.try_emplace({change.where, set.user});
    else
      TRY_DO(member(change.where, set.user));
  }
  for (const UserId& user : change.removes) TRY_DO(member(change.where, user));
  return {};
}

std::uint64_t Plan::Inside::messages_here(const ConversationId& id, const UserId& reader, Seq after,
                                          Seq upto) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(log, [&](const EventRef& event) {
    return event->conversation == id && event->kind == EventKind::message_created &&
           event->actor != reader && event->seq > after && event->seq <= upto;
  }));
}

// Of those that the two counts of apply_read() have, how many went in this batch.
std::uint64_t Plan::Inside::retracted_here(const ConversationId& id, const UserId& reader,
                                           Seq after, Seq upto) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(retracted, [&](const Retracted& one) {
    return one.conversation == id && one.sender != reader && one.seq > after && one.seq <= upto;
  }));
}

// Messages by others that are not gone. Asked only where the reader has read none of them.
Result<std::uint64_t> Plan::Inside::unread_between(const ConversationId& id, const UserId& reader,
                                                   Seq after, Seq upto) {
  if (after >= upto) return 0;
  TRY(stored, before.others_messages(id, reader, after, upto));
  return stored + messages_here(id, reader, after, upto) - retracted_here(id, reader, after, upto);
}

// The span, of which nothing was read before, is read.
Result<void> Plan::Inside::mark(const ConversationId& id, Member& reader, SeqSpan span) {
  TRY(unread, unread_between(id, reader.user, Seq{span.from.value - 1}, span.upto));
  reader.unread_base += unread;
  reader.read_beyond.add(span);
  return join_spans(id, reader, span.from);
}

// The stretch with this in it grows to its neighbours where nothing unread is between them, so that there are never more
// stretches than there are unread messages.
Result<void> Plan::Inside::join_spans(const ConversationId& id, Member& reader, Seq seq) {
  SeqSpans& beyond = reader.read_beyond;
  auto joined = [&](Seq end, Seq begin) -> Result<bool> {
    TRY(unread, unread_between(id, reader.user, end, Seq{begin.value - 1}));
    return unread == 0;
  };
  const auto here = static_cast<std::size_t>(
      std::ranges::lower_bound(beyond.all(), seq, {}, &SeqSpan::upto) - beyond.all().begin());
  std::optional<SeqSpan> next;
  if (here + 1 < beyond.all().size()) next = beyond.all()[here + 1];
  const Seq before_it = here == 0 ? reader.read_seq : beyond.all()[here - 1].upto;
  const SeqSpan mine = beyond.all()[here];
  if (next) {
    TRY(one, joined(mine.upto, next->from));
    if (one) beyond.add({mine.from, next->upto});
  }
  TRY(one, joined(before_it, mine.from));
  if (!one) return {};
  if (here > 0) {
    beyond.add({before_it, mine.upto});
    return {};
  }
  reader.read_seq = beyond.all().front().upto;
  beyond.pop_front();
  return {};
}

Result<Committed> Plan::Inside::apply_own(const Change& change, const Conversation& row) {
  Committed done;
  done.where = change.where;
  const OwnPatch& patch = *change.own;
  TRY(found, member(change.where, change.actor));
  if (!found->row || !found->row->present()) {
    done.outcome = Outcome::missing;
    return done;
  }
  OwnSettings& own = found->row->own;
  own.pinned = patch.pinned.value_or(own.pinned);
  own.archived = patch.archived.value_or(own.archived);
  own.read_receipts = patch.read_receipts.value_or(own.read_receipts);
  own.muted_until = patch.muted_until.value_or(own.muted_until);
  own.notifications = patch.notifications.value_or(own.notifications);
  if (patch.hidden) own.hidden_seq = *patch.hidden ? row.last_seq : Seq{};
  found->changed = true;
  return done;
}

// All of them, or none.
Result<Committed> Plan::Inside::apply_records(const Change& change) {
  Committed done;
  done.where = change.where;
  std::vector<KnownRecord*> known;
  for (const RecordSet& set : change.records) {
    TRY(at, record(set));
    if (set.expects && *set.expects != (at->row ? at->row->version : 0)) {
      done.outcome = Outcome::stale;
      return done;
    }
    known.push_back(at);
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    const RecordSet& set = change.records[i];
    known[i]->changed = true;
    if (!set.body) {
      known[i]->row.reset();
      continue;
    }
    const std::uint64_t version = known[i]->row ? known[i]->row->version : 0;
    known[i]->row = Record{set.space, set.owner, set.key, *set.body, version + 1, change.at};
  }
  return done;
}

// What anybody has decided on the pair's conversation before this is stale after it.
Result<Committed> Plan::Inside::apply_block(const Change& change) {
  Committed done;
  done.where = change.where;
  const BlockSet& set = *change.block;
  const auto& [low, high] = std::minmax(set.blocker, set.blocked);
  TRY(there, direct(low, high));
  if (there) {
    TRY(known, conversation(*there));
    PARLEY_ASSERT(known->row);
    ++known->row->version.value;
    known->changed = true;
  }
  std::erase_if(blocks, [&](const BlockRow& row) {
    return row.set.blocker == set.blocker && row.set.blocked == set.blocked;
  });
  blocks.push_back({set, change.at});
  return done;
}

Result<Committed> Plan::Inside::apply_read(const Change& change, const Origin& origin,
                                           KnownConversation& at) {
  Committed done;
  done.where = change.where;
  TRY(found, member(change.where, change.read->user));
  if (!found->row || !found->row->present()) {
    done.outcome = Outcome::missing;
    return done;
  }
  Conversation& row = *at.row;
  Member& reader = *found->row;
  if (change.read->upto > row.last_seq) {
    done.outcome = Outcome::beyond;
    return done;
  }
  const ReadMove& move = *change.read;
  const Seq delivered_before = reader.delivered_seq;
  const Seq read_before = reader.read_seq;
  std::vector<SeqSpan> marked;
  if (!move.only_delivered && move.upto > reader.read_seq)
    marked = reader.read_beyond.gaps(
        {move.only_that_one ? move.upto : Seq{reader.read_seq.value + 1}, move.upto});
  for (const SeqSpan& span : marked) {
    TRY_DO(mark(row.id, reader, span));
    if (!move.silently) readings.push_back({row.id, {reader.user, span, change.at}, 0});
    reader.read_at = change.at;
  }
  // What was read had been delivered.
  const Seq delivered = move.only_that_one ? reader.read_seq : move.upto;
  const bool is_delivered = delivered > reader.delivered_seq;
  if (is_delivered) {
    reader.delivered_seq = delivered;
    reader.delivered_at = change.at;
  }
  done.pointer_moved = !marked.empty() || (move.only_delivered && is_delivered);
  if (done.pointer_moved) {
    reader.read_position = row.pointers_at = next_position(row.id).at;
    for (ReadingRow& one : readings)
      if (one.at == 0) one.at = reader.read_position;
    found->changed = at.changed = true;
  }
  done.pointer =
      Pointer{.conversation = change.where,
              .user = reader.user,
              .read_seq = reader.read_seq,
              .read_before = read_before,
              .upto = move.upto,
              .marked = std::move(marked),
              .at = change.at,
              .delivered_seq = reader.delivered_seq,
              .delivered_before = delivered_before,
              .only_delivered = move.only_delivered,
              .message = move.message,
              .unread = unread_count(row, reader),
              .position = {lane_of(row.id, lanes), reader.read_position},
              .receipts = row.settings.read_receipts && reader.own.read_receipts && !move.silently,
              .silently = move.silently,
              .members_count = row.members_count,
              .origin = origin};
  return done;
}

void Plan::Inside::count_message(const Event& event, Conversation& row) {
  ++row.message_count;
  row.last_message_seq = event.seq;
  // Whether somebody may write on can depend on who has written at all.
  if (row.type == ConversationType::direct) {
    for (auto [who, spoke] : {std::pair(&row.direct_low, &row.low_spoke),
                              std::pair(&row.direct_high, &row.high_spoke)}) {
      if (*who != event.actor || *spoke) continue;
      *spoke = true;
      ++row.version.value;
    }
  }
  auto sender = members.find({row.id, event.actor});
  if (sender == members.end()) {
    ++own_sends[{row.id, event.actor}];
  } else if (sender->second.row) {
    ++sender->second.row->unread_base;
    sender->second.changed = true;
  }
}

void Plan::Inside::number(const Change& change, const Origin& origin, Conversation& row,
                          Committed& done, KnownMessage* amended) {
  for (const EventDraft& draft : change.events) {
    auto event = std::make_shared<Event>();
    event->id = draft.id;
    event->conversation = row.id;
    event->seq = ++row.last_seq;
    event->position = next_position(row.id);
    event->kind = draft.kind;
    event->actor = change.actor;
    // Never back within a conversation, whatever the clocks of nodes say.
    event->at = row.updated_at = std::max(row.updated_at, change.at);
    event->subject = draft.subject;
    event->role = draft.role;
    event->details = draft.details;
    event->origin = origin;
    if (change.reacts) event->target = change.reacts->id;
    if (draft.message) {
      draft.message->seq = event->seq;
      draft.message->created_at = event->at;
      event->message = draft.message;
    }
    if (amended != nullptr && amends_message(event->kind)) amend(change, *amended, row, *event);
    row.last_at = event->position.at;
    if (event->kind == EventKind::message_created) count_message(*event, row);
    event->place = row.type;
    event->answered = row.low_spoke && row.high_spoke;
    for (std::size_t i = 0; i < change.sets.size(); ++i)
      if (change.sets[i].by_event == done.events.size())
        event->joined.push_back(change.sets[i].user);
    if (event->kind == EventKind::member_removed) event->left.push_back(event->subject);
    done.events.push_back(event);
    log.push_back(std::move(event));
  }
  if (!done.events.empty()) done.seq = done.events.front()->seq;
}

// The message as it is from now on; the event carries it.
void Plan::Inside::amend(const Change& change, KnownMessage& known, Conversation& row,
                         Event& event) {
  using What = Amendment::What;
  const Amendment& amendment = *change.amends;
  Message& message = *known.row;
  known.changed = true;
  if (amendment.what == What::edits) {
    if (amendment.text) {
      edits.push_back(
          {row.id, message.id, {std::exchange(message.text, *amendment.text), event.at}});
    }
    if (amendment.metadata) message.metadata = *amendment.metadata;
    if (amendment.mentions) message.mentions = *amendment.mentions;
    message.edited_at = event.at;
  } else if (amendment.what == What::pins || amendment.what == What::unpins) {
    message.pinned_at = amendment.what == What::pins ? event.at : Time{};
  } else {
    (amendment.what == What::deletes ? message.deleted_at : message.recalled_at) = event.at;
    message.text.clear();
    message.attachments.clear();
    message.metadata.clear();
    message.mentions.clear();
    message.quote = {};
    message.forwarded_from.reset();
    message.sealed = false;
    message.pinned_at = {};
    retract(message);
  }
  event.target = message.id;
  event.message = std::make_shared<Message>(message);
}

void Plan::Inside::retract(const Message& gone) {
  const Retracted one{gone.conversation, gone.seq, gone.sender};
  for (auto& [key, known] : members) retract_from(known, one, key.first);
  retracted.push_back(one);
  std::erase_if(edits, [&](const EditRow& edit) { return edit.message == gone.id; });
  std::erase_if(reactions, [&](const auto& known) {
    return std::get<0>(known.first) == gone.conversation && std::get<1>(known.first) == gone.seq;
  });
}

void Plan::Inside::set_members(const Change& change, Conversation& row, const Committed& done) {
  for (const MemberSet& set : change.sets) {
    KnownMember& known = members[{row.id, set.user}];
    known.changed = true;
    if (known.row && known.row->present()) {
      known.row->role = set.role;
      continue;
    }
    const Seq joined = done.events.at(set.by_event)->seq;
    Member member = known.row.value_or(Member{});
    member.user = set.user;
    member.role = set.role;
    member.joined_at = change.at;
    member.joined_seq = joined;
    if (member.first_joined_seq.value == 0) member.first_joined_seq = joined;
    member.left_seq = {};
    member.read_seq = joined;
    member.read_beyond = {};
    member.delivered_seq = joined;
    member.unread_base = row.message_count;
    known.row = std::move(member);
    ++row.members_count;
  }
}

void Plan::Inside::remove_members(const Change& change, Conversation& row, const Committed& done) {
  for (const UserId& user : change.removes) {
    KnownMember& known = members[{row.id, user}];
    if (!known.row || !known.row->present()) continue;
    auto says_so = std::ranges::find_if(done.events, [&](const EventRef& event) {
      return event->kind == EventKind::member_removed && event->subject == user;
    });
    known.row->left_seq = says_so != done.events.end() ? (*says_so)->seq : row.last_seq;
    known.changed = true;
    --row.members_count;
  }
}

void Plan::Inside::patch(const Change& change, Conversation& row, const Committed& done) {
  if (!change.patch) return;
  if (change.patch->name) row.name = *change.patch->name;
  if (change.patch->avatar_url) row.avatar_url = *change.patch->avatar_url;
  if (change.patch->metadata) row.metadata = *change.patch->metadata;
  if (change.patch->settings) row.settings = *change.patch->settings;
  if (change.patch->deletes)
    row.deleted_seq = done.events.empty() ? row.last_seq : done.events.back()->seq;
}

Result<Committed> Plan::apply(const Change& change, const Origin& origin) {
  TRY(first, inside_->used_before(change.once));
  if (first) {
    first->outcome = Outcome::repeated;
    return std::move(*first);
  }
  if (change.block) return inside_->apply_block(change);
  if (!change.records.empty()) return inside_->apply_records(change);
  TRY(there, inside_->pair_exists(change));
  if (there) return std::move(*there);
  TRY(at, inside_->conversation(change.where));
  Committed done;
  done.where = change.where;
  if (change.creates && at->row) {
    done.outcome = at->row->deleted_seq.value == 0 ? Outcome::exists : Outcome::missing;
    return done;
  }
  if (change.creates) {
    at->row = *change.creates;
    at->row->version = Version{0};
    at->created = true;
  } else if (!at->row || at->row->deleted_seq.value != 0) {
    done.outcome = Outcome::missing;
    return done;
  } else if (change.expects && *change.expects != at->row->version) {
    done.outcome = Outcome::stale;
    return done;
  }
  if (change.read) return inside_->apply_read(change, origin, *at);
  if (change.own) return inside_->apply_own(change, *at->row);

  if (auto loaded = inside_->load_members(change); !loaded) {
    if (at->created) at->row.reset();
    return std::unexpected(std::move(loaded).error());
  }
  Conversation& row = *at->row;
  KnownMessage* amended = nullptr;
  if (change.amends) {
    TRY(known, inside_->message(change.where, change.amends->seq));
    if (!known->row || known->row->gone()) {
      done.outcome = Outcome::gone;
      return done;
    }
    amended = known;
    // Pinning what is pinned changes nothing, and nobody is told.
    using What = Amendment::What;
    const bool pinned = known->row->pinned_at != Time{};
    if ((change.amends->what == What::pins && pinned) ||
        (change.amends->what == What::unpins && !pinned))
      return done;
  }
  if (change.reacts) {
    TRY(message, inside_->message(change.where, change.reacts->seq));
    if (!message->row || message->row->gone()) {
      done.outcome = Outcome::gone;
      return done;
    }
    TRY(reaction, inside_->reaction(change.where, change.actor, *change.reacts));
    if (reaction->on == change.reacts->on) return done;
    reaction->on = change.reacts->on;
    reaction->now = {change.reacts->emoji, change.actor, change.at};
  }
  inside_->number(change, origin, row, done, amended);
  inside_->set_members(change, row, done);
  inside_->remove_members(change, row, done);
  Inside::patch(change, row, done);
  if (change.changes_standing()) ++row.version.value;
  at->changed = true;
  if (change.creates && row.type == ConversationType::direct)
    inside_->directs[{row.direct_low.text, row.direct_high.text}] = row.id;
  if (change.once) {
    done.fingerprint = change.once->fingerprint;
    inside_->once.push_back(
        {*change.once, {change.once->fingerprint, change.where, done.seq}, change.at});
    inside_->keys[{change.once->who.text, change.once->key}] = done;
  }
  return done;
}

// Of every message that was made or amended: those of its last state.
void Plan::Inside::write_mentions(Writes& writes) const {
  auto add = [&](const Message& message) {
    for (const Mention& one : message.mentions)
      writes.mentions.push_back({message.conversation, message.seq, one.user, message.sender});
  };
  for (const Message& message : writes.amended) add(message);
  for (const EventRef& event : writes.log) {
    if (event->kind != EventKind::message_created || event->message->mentions.empty()) continue;
    auto known = messages.find({event->conversation, event->seq});
    if (known == messages.end() || !known->second.changed) add(*event->message);
  }
}

Writes Plan::take() {
  Writes writes;
  for (auto& [id, known] : inside_->conversations) {
    if (!known.row || !known.changed) continue;
    (known.created ? writes.created : writes.updated).push_back(*known.row);
  }
  for (auto& [key, known] : inside_->members)
    if (known.row && known.changed) writes.members.push_back({key.first, *known.row});
  for (auto& [key, count] : inside_->own_sends)
    writes.own_sends.push_back({key.first, key.second, count});
  for (auto& [key, known] : inside_->messages)
    if (known.row && known.changed) writes.amended.push_back(*known.row);
  for (auto& [key, known] : inside_->reactions) {
    if (known.on == known.before) continue;
    writes.reactions.push_back({std::get<0>(key), std::get<1>(key), known.now, known.on});
  }
  for (auto& [key, known] : inside_->records) {
    if (!known.changed) continue;
    if (known.row)
      writes.records.push_back(std::move(*known.row));
    else
      writes.no_records.push_back(
          {std::get<0>(key), std::get<1>(key), std::get<2>(key), {}, 0, {}});
  }
  writes.retracted = std::move(inside_->retracted);
  writes.edits = std::move(inside_->edits);
  writes.readings = std::move(inside_->readings);
  writes.blocks = std::move(inside_->blocks);
  writes.log = std::move(inside_->log);
  writes.once = std::move(inside_->once);
  inside_->write_mentions(writes);
  for (std::uint32_t lane : inside_->moved) writes.heads[lane] = inside_->heads[lane];
  return writes;
}

}  // namespace parley::store
