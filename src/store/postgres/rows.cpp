#include "store/postgres/rows.h"

#include <algorithm>
#include <array>

#include "model/message_more.h"
#include "model/settings_more.h"

namespace parley::store::postgres {
namespace {

std::shared_ptr<Event> event_of(Row& row) {
  auto event = std::make_shared<Event>();
  event->position.at = row.count();
  event->conversation = row.id<ConversationId>();
  event->seq = row.seq();
  event->id = row.id<MessageId>();
  event->kind = row.enumerated<EventKind>();
  event->actor = row.user();
  event->at = row.time();
  event->subject = row.user();
  event->role = row.enumerated<Role>();
  event->details = row.text();
  event->target = row.id<MessageId>();
  return event;
}

std::shared_ptr<Message> message_of(Row& row, const Event& event) {
  auto message = std::make_shared<Message>();
  message->id = event.id;
  message->conversation = event.conversation;
  message->seq = event.seq;
  message->sender = event.actor;
  message->created_at = event.at;
  message->type = row.enumerated<MessageType>();
  message->text = row.text();
  message->attachments = row.text();
  message->metadata = row.text();
  message->client_id = row.text();
  message->edited_at = row.time();
  message->deleted_at = row.time();
  message->recalled_at = row.time();
  message->parent = row.id<MessageId>();
  message->pinned_at = row.time();
  read_more(row.view(), *message);
  return message;
}

// Columns of many rows, filled row by row: each value goes to the next column.
template <std::size_t N>
class Columns {
 public:
  template <class T>
  Columns& add(const T& value) {
    columns_[next_].add(value);
    next_ = (next_ + 1) % N;
    return *this;
  }
  Columns& add_or_none(const MessageId& id) {
    if (!id.empty()) return add(id);
    columns_[next_].add_none();
    next_ = (next_ + 1) % N;
    return *this;
  }
  [[nodiscard]] std::vector<std::string> take() {
    std::vector<std::string> parameters;
    for (Array& column : columns_) parameters.push_back(column.take());
    return parameters;
  }

 private:
  std::array<Array, N> columns_;
  std::size_t next_ = 0;
};

constexpr const char* put_conversations =
    "INSERT INTO conversations (" PARLEY_PG_CONVERSATION("") ") "
    "SELECT * FROM unnest($1::uuid[],$2::int2[],$3::text[],$4::text[],$5::text[],$6::text[],$7::text[],$8::bool[],"
    "$9::int2[],$10::int2[],$11::int8[],$12::int8[],$13::int8[],$14::int8[],$15::int8[],$16::int8[],$17::int8[],"
    "$18::int8[],$19::int4[],$20::int8[],$21::bool[],$22::bool[],$23::text[]) ON CONFLICT (id) DO UPDATE SET "
    "name=excluded.name, avatar_url=excluded.avatar_url, metadata=excluded.metadata, read_receipts=excluded.read_receipts,"
    "who_can_add=excluded.who_can_add, who_can_post=excluded.who_can_post, updated_at=excluded.updated_at,"
    "version=excluded.version, last_seq=excluded.last_seq, last_at=excluded.last_at, pointers_at=excluded.pointers_at,"
    "message_count=excluded.message_count, last_message_seq=excluded.last_message_seq,"
    "members_count=excluded.members_count, deleted_seq=excluded.deleted_seq, low_spoke=excluded.low_spoke, high_spoke=excluded.high_spoke,"
    "more_settings=excluded.more_settings";

Query conversations_query(const Writes& writes) {
  Columns<23> rows;
  for (const auto* list : {&writes.created, &writes.updated}) {
    for (const Conversation& row : *list) {
      rows.add(row.id)
          .add(row.type)
          .add(row.direct_low)
          .add(row.direct_high)
          .add(row.name)
          .add(row.avatar_url);
      rows.add(row.metadata)
          .add(row.settings.read_receipts)
          .add(row.settings.who_can_add)
          .add(row.settings.who_can_post);
      rows.add(row.created_at)
          .add(row.updated_at)
          .add(row.version.value)
          .add(row.last_seq)
          .add(row.last_at);
      rows.add(row.pointers_at).add(row.message_count).add(row.last_message_seq);
      rows.add(std::int64_t{row.members_count}).add(row.deleted_seq);
      rows.add(row.low_spoke).add(row.high_spoke).add(more_of(row.settings));
    }
  }
  return {put_conversations, rows.take()};
}

constexpr const char* put_log =
    "INSERT INTO log (position,conversation_id,seq,id,kind,actor,at,subject,role,details,target,"
    "message_type,text,attachments,metadata,client_id,parent,more) SELECT * FROM "
    "unnest($1::int8[],$2::uuid[],"
    "$3::int8[],$4::uuid[],$5::int2[],$6::text[],$7::int8[],$8::text[],$9::int2[],$10::text[],"
    "$11::uuid[],$12::int2[],$13::text[],$14::text[],$15::text[],$16::text[],$17::uuid[],$18::text["
    "])";

Query log_query(const Writes& writes) {
  static const Message none;
  Columns<18> rows;
  for (const EventRef& event : writes.log) {
    // An amended message has a row of its own.
    const Message& message = event->kind == EventKind::message_created ? *event->message : none;
    rows.add(event->position.at).add(event->conversation).add(event->seq).add(event->id);
    rows.add(event->kind).add(event->actor).add(event->at).add(event->subject).add(event->role);
    rows.add(event->details).add(event->target);
    rows.add(message.type).add(message.text).add(message.attachments).add(message.metadata);
    rows.add(message.client_id).add_or_none(message.parent).add(more_of(message));
  }
  return {put_log, rows.take()};
}

constexpr const char* put_retracted =
    "UPDATE members m SET unread_base = m.unread_base + r.count FROM (SELECT m.conversation_id, "
    "m.user_id, count(*) AS count FROM unnest($1::uuid[],$2::int8[],$3::text[]) AS "
    "g(conversation_id, "
    "seq, sender) JOIN members m ON m.conversation_id = g.conversation_id AND m.left_seq = 0 AND "
    "m.read_seq < g.seq AND m.user_id <> g.sender AND (m.read_beyond = '' OR NOT EXISTS (SELECT 1 "
    "FROM readings r WHERE r.conversation_id = m.conversation_id AND r.user_id = m.user_id AND "
    "r.upto >= g.seq AND r.from_seq <= g.seq)) GROUP BY 1, 2) r "
    "WHERE m.conversation_id = r.conversation_id AND m.user_id = r.user_id";

Query retracted_query(const Writes& writes) {
  Columns<3> rows;
  for (const Retracted& one : writes.retracted)
    rows.add(one.conversation).add(one.seq).add(one.sender);
  return {put_retracted, rows.take()};
}

constexpr const char* put_edits =
    "INSERT INTO edits (conversation_id,message_id,until,text) SELECT conversation_id,message_id,"
    "until,text FROM unnest($1::uuid[],$2::uuid[],$3::int8[],$4::text[]) WITH ORDINALITY AS "
    "e(conversation_id,message_id,until,text,place) ORDER BY place";

Query edits_query(const Writes& writes) {
  Columns<4> rows;
  for (const EditRow& row : writes.edits)
    rows.add(row.conversation).add(row.message).add(row.before.until).add(row.before.text);
  return {put_edits, rows.take()};
}

constexpr const char* put_blocks =
    "INSERT INTO blocks (blocker,blocked,since) SELECT * FROM "
    "unnest($1::text[],$2::text[],$3::int8[]) "
    "ON CONFLICT DO NOTHING";
constexpr const char* forget_blocks =
    "DELETE FROM blocks WHERE (blocker, blocked) IN (SELECT * FROM unnest($1::text[],$2::text[]))";

void add_blocks(std::vector<Query>& queries, const Writes& writes) {
  Columns<3> on;
  Columns<2> off;
  bool any_on = false, any_off = false;
  for (const auto& [set, at] : writes.blocks) {
    if (set.on)
      on.add(set.blocker).add(set.blocked).add(at);
    else
      off.add(set.blocker).add(set.blocked);
    (set.on ? any_on : any_off) = true;
  }
  if (any_on) queries.push_back({put_blocks, on.take()});
  if (any_off) queries.push_back({forget_blocks, off.take()});
}

constexpr const char* put_amended =
    "UPDATE log l SET text=a.text, attachments=a.attachments, metadata=a.metadata, "
    "edited_at=a.edited_at, deleted_at=a.deleted_at, recalled_at=a.recalled_at, "
    "pinned_at=a.pinned_at, more=a.more FROM "
    "unnest($1::uuid[],$2::int8[],$3::text[],$4::text[],$5::text[],$6::int8[],$7::int8[],$8::int8[]"
    ","
    "$9::int8[],$10::text[]) "
    "AS "
    "a(conversation_id,seq,text,attachments,metadata,edited_at,deleted_at,recalled_at,pinned_at,"
    "more) "
    "WHERE l.conversation_id = a.conversation_id AND l.seq = a.seq";
constexpr const char* forget_mentions =
    "DELETE FROM mentions WHERE (conversation_id, seq) IN (SELECT * FROM "
    "unnest($1::uuid[],$2::int8[]))";
constexpr const char* forget_all_reactions =
    "DELETE FROM reactions WHERE (conversation_id, seq) IN (SELECT * FROM "
    "unnest($1::uuid[],$2::int8[]))";
constexpr const char* forget_edits = "DELETE FROM edits WHERE message_id = ANY($1::uuid[])";

void add_amended(std::vector<Query>& queries, const Writes& writes) {
  Columns<10> rows;
  Columns<2> places, gone_places;
  Array gone;
  for (const Message& message : writes.amended) {
    rows.add(message.conversation).add(message.seq).add(message.text).add(message.attachments);
    rows.add(message.metadata).add(message.edited_at).add(message.deleted_at);
    rows.add(message.recalled_at).add(message.pinned_at).add(more_of(message));
    places.add(message.conversation).add(message.seq);
    if (!message.gone()) continue;
    gone.add(message.id);
    gone_places.add(message.conversation).add(message.seq);
  }
  queries.push_back({put_amended, rows.take()});
  queries.push_back({forget_mentions, places.take()});
  if (gone.empty()) return;
  queries.push_back({forget_edits, {gone.take()}});
  queries.push_back({forget_all_reactions, gone_places.take()});
}

constexpr const char* put_mentions =
    "INSERT INTO mentions (conversation_id,user_id,seq,sender) SELECT * FROM "
    "unnest($1::uuid[],$2::text[],$3::int8[],$4::text[]) ON CONFLICT DO NOTHING";

Query mentions_query(const Writes& writes) {
  Columns<4> rows;
  for (const MentionRow& row : writes.mentions)
    rows.add(row.conversation).add(row.user).add(row.seq).add(row.sender);
  return {put_mentions, rows.take()};
}

constexpr const char* put_reactions =
    "INSERT INTO reactions (conversation_id,seq,user_id,emoji,at) SELECT * FROM "
    "unnest($1::uuid[],$2::int8[],$3::text[],$4::text[],$5::int8[])";
constexpr const char* forget_reactions =
    "DELETE FROM reactions WHERE (conversation_id, seq, user_id, emoji) IN (SELECT * FROM "
    "unnest($1::uuid[],$2::int8[],$3::text[],$4::text[]))";

void add_reactions(std::vector<Query>& queries, const Writes& writes) {
  Columns<5> on;
  Columns<4> off;
  bool any_on = false, any_off = false;
  for (const auto& [conversation, seq, reaction, is_on] : writes.reactions) {
    if (is_on)
      on.add(conversation).add(seq).add(reaction.user).add(reaction.emoji).add(reaction.at);
    else
      off.add(conversation).add(seq).add(reaction.user).add(reaction.emoji);
    (is_on ? any_on : any_off) = true;
  }
  if (any_on) queries.push_back({put_reactions, on.take()});
  if (any_off) queries.push_back({forget_reactions, off.take()});
}

constexpr const char* put_records =
    "INSERT INTO records (space,owner,key,version,at,body) SELECT * FROM "
    "unnest($1::text[],$2::text[],$3::text[],$4::int8[],$5::int8[],$6::text[]) ON CONFLICT "
    "(space, owner, key) DO UPDATE SET version=excluded.version, at=excluded.at, "
    "body=excluded.body";
constexpr const char* forget_records =
    "DELETE FROM records WHERE (space, owner, key) IN (SELECT * FROM "
    "unnest($1::text[],$2::text[],$3::text[]))";

void add_records(std::vector<Query>& queries, const Writes& writes) {
  Columns<6> on;
  for (const Record& row : writes.records)
    on.add(row.space).add(row.owner).add(row.key).add(row.version).add(row.at).add(row.body);
  if (!writes.records.empty()) queries.push_back({put_records, on.take()});
  Columns<3> off;
  for (const Record& row : writes.no_records) off.add(row.space).add(row.owner).add(row.key);
  if (!writes.no_records.empty()) queries.push_back({forget_records, off.take()});
}

constexpr const char* put_members =
    "INSERT INTO members (conversation_id," PARLEY_PG_MEMBER("") ") "
    "SELECT * FROM unnest($1::uuid[],$2::text[],$3::int2[],$4::int8[],$5::int8[],$6::int8[],$7::int8[],$8::int8[],"
    "$9::int8[],$10::int8[],$11::int8[],$12::bool[],$13::bool[],$14::int8[],$15::int2[],$16::bool[],$17::int8[],$18::int8[],$19::int8[],$20::text[]) ON CONFLICT (conversation_id, user_id) DO UPDATE SET role=excluded.role,"
    "joined_at=excluded.joined_at, joined_seq=excluded.joined_seq, first_joined_seq=excluded.first_joined_seq,"
    "left_seq=excluded.left_seq, read_seq=excluded.read_seq, read_at=excluded.read_at,"
    "read_position=excluded.read_position, unread_base=excluded.unread_base, pinned=excluded.pinned, archived=excluded.archived, "
    "muted_until=excluded.muted_until, notifications=excluded.notifications, own_receipts=excluded.own_receipts, hidden_seq=excluded.hidden_seq, delivered_seq=excluded.delivered_seq, delivered_at=excluded.delivered_at, read_beyond=excluded.read_beyond";

Query members_query(const Writes& writes) {
  Columns<20> rows;
  for (const auto& [conversation, row] : writes.members) {
    rows.add(conversation)
        .add(row.user)
        .add(row.role)
        .add(row.joined_at)
        .add(row.joined_seq)
        .add(row.first_joined_seq);
    rows.add(row.left_seq)
        .add(row.read_seq)
        .add(row.read_at)
        .add(row.read_position)
        .add(row.unread_base);
    rows.add(row.own.pinned).add(row.own.archived).add(row.own.muted_until);
    rows.add(row.own.notifications).add(row.own.read_receipts).add(row.own.hidden_seq);
    rows.add(row.delivered_seq).add(row.delivered_at).add(row.read_beyond.text());
  }
  return {put_members, rows.take()};
}

constexpr const char* put_readings =
    "INSERT INTO readings (conversation_id, user_id, upto, from_seq, at, position) "
    "SELECT * FROM unnest($1::uuid[],$2::text[],$3::int8[],$4::int8[],$5::int8[],$6::int8[])";

Query readings_query(const Writes& writes) {
  Columns<6> rows;
  for (const auto& [conversation, one, position] : writes.readings) {
    rows.add(conversation).add(one.user).add(one.span.upto).add(one.span.from).add(one.at);
    rows.add(position);
  }
  return {put_readings, rows.take()};
}

constexpr const char* put_own_sends =
    "UPDATE members m SET unread_base = m.unread_base + s.count "
    "FROM unnest($1::uuid[],$2::text[],$3::int8[]) AS s(conversation_id, user_id, count) "
    "WHERE m.conversation_id = s.conversation_id AND m.user_id = s.user_id";

Query own_sends_query(const Writes& writes) {
  Columns<3> rows;
  for (const OwnSends& sends : writes.own_sends)
    rows.add(sends.conversation).add(sends.user).add(sends.count);
  return {put_own_sends, rows.take()};
}

// No ON CONFLICT: a key or a pair that another lane took meanwhile fails the batch, which then runs again and sees it.
constexpr const char* put_once =
    "INSERT INTO once (user_id,key,fingerprint,conversation_id,seq,at,keep) "
    "SELECT * FROM "
    "unnest($1::text[],$2::text[],$3::int8[],$4::uuid[],$5::int8[],$6::int8[],$7::int2[])";

Query once_query(const Writes& writes) {
  Columns<7> rows;
  for (const OnceRow& row : writes.once) {
    rows.add(row.key.who).add(row.key.key).add(row.record.fingerprint).add(row.record.conversation);
    rows.add(row.record.seq).add(row.at).add(row.key.keep);
  }
  return {put_once, rows.take()};
}

Query forget_once_query(const Change::ForgetOnce& which) {
  return {
      "DELETE FROM once WHERE (user_id, key) IN (SELECT user_id, key FROM once WHERE keep = 1 AND "
      "at < $1::int8 ORDER BY at LIMIT $2::int8)",
      {text_of(which.before), text_of(std::uint64_t{which.limit})}};
}

constexpr const char* put_lanes =
    "UPDATE lanes l SET position = h.position FROM unnest($1::int2[],$2::int8[]) AS h(lane, "
    "position) "
    "WHERE l.lane = h.lane";

Query lanes_query(const Writes& writes) {
  Columns<2> rows;
  for (const auto& [lane, head] : writes.heads) rows.add(std::int64_t{lane}).add(head);
  return {put_lanes, rows.take()};
}

constexpr const char* put_directs =
    "INSERT INTO directs (low,high,conversation_id) SELECT * FROM "
    "unnest($1::text[],$2::text[],$3::uuid[]) "
    "ON CONFLICT (low,high) DO UPDATE SET conversation_id = excluded.conversation_id";

}  // namespace

Conversation read_conversation(Row& row) {
  Conversation out;
  out.id = row.id<ConversationId>();
  out.type = row.enumerated<ConversationType>();
  out.direct_low = row.user();
  out.direct_high = row.user();
  out.name = row.text();
  out.avatar_url = row.text();
  out.metadata = row.text();
  out.settings.read_receipts = row.flag();
  out.settings.who_can_add = row.enumerated<Who>();
  out.settings.who_can_post = row.enumerated<Who>();
  out.created_at = row.time();
  out.updated_at = row.time();
  out.version = Version{row.count()};
  out.last_seq = row.seq();
  out.last_at = row.count();
  out.pointers_at = row.count();
  out.message_count = row.count();
  out.last_message_seq = row.seq();
  out.members_count = static_cast<std::uint32_t>(row.number());
  out.deleted_seq = row.seq();
  out.low_spoke = row.flag();
  out.high_spoke = row.flag();
  read_more(row.view(), out.settings);
  return out;
}

Member read_member(Row& row) {
  Member out;
  out.user = row.user();
  out.role = row.enumerated<Role>();
  out.joined_at = row.time();
  out.joined_seq = row.seq();
  out.first_joined_seq = row.seq();
  out.left_seq = row.seq();
  out.read_seq = row.seq();
  out.read_at = row.time();
  out.read_position = row.count();
  out.unread_base = row.count();
  out.own.pinned = row.flag();
  out.own.archived = row.flag();
  out.own.muted_until = row.time();
  out.own.notifications = row.enumerated<Notify>();
  out.own.read_receipts = row.flag();
  out.own.hidden_seq = row.seq();
  out.delivered_seq = std::max(out.read_seq, row.seq());
  out.delivered_at = row.time();
  out.read_beyond = SeqSpans::parse(row.view());
  return out;
}

std::shared_ptr<Event> read_event(Row& row, std::uint32_t lanes) {
  auto event = event_of(row);
  event->position.lane = lane_of(event->conversation, lanes);
  if (event->kind == EventKind::message_created) event->message = message_of(row, *event);
  return event;
}

Record read_record(Row& row) {
  Record record;
  record.space = row.text();
  record.owner = row.text();
  record.key = row.text();
  record.version = row.count();
  record.at = row.time();
  record.body = row.text();
  return record;
}

Message read_message(Row& row) {
  auto event = event_of(row);
  return std::move(*message_of(row, *event));
}

void add_writes(std::vector<Query>& queries, const Writes& writes) {
  if (!writes.created.empty() || !writes.updated.empty())
    queries.push_back(conversations_query(writes));
  Columns<3> directs;
  bool any_direct = false;
  for (const Conversation& row : writes.created) {
    if (row.type != ConversationType::direct) continue;
    directs.add(row.direct_low).add(row.direct_high).add(row.id);
    any_direct = true;
  }
  if (any_direct) queries.push_back({put_directs, directs.take()});
  if (!writes.once.empty()) queries.push_back(once_query(writes));
  if (writes.forget_once) queries.push_back(forget_once_query(*writes.forget_once));
  if (!writes.log.empty()) queries.push_back(log_query(writes));
  if (!writes.retracted.empty()) queries.push_back(retracted_query(writes));
  if (!writes.members.empty()) queries.push_back(members_query(writes));
  if (!writes.own_sends.empty()) queries.push_back(own_sends_query(writes));
  if (!writes.readings.empty()) queries.push_back(readings_query(writes));
  if (!writes.blocks.empty()) add_blocks(queries, writes);
  if (!writes.edits.empty()) queries.push_back(edits_query(writes));
  if (!writes.amended.empty()) add_amended(queries, writes);
  if (!writes.mentions.empty()) queries.push_back(mentions_query(writes));
  if (!writes.reactions.empty()) add_reactions(queries, writes);
  add_records(queries, writes);
  if (!writes.heads.empty()) queries.push_back(lanes_query(writes));
}

}  // namespace parley::store::postgres
