#include "store/sqlite/rows.h"

#include <algorithm>

#include "model/message_more.h"
#include "model/settings_more.h"

namespace parley::store::sqlite {
namespace {

std::shared_ptr<Message> message_of(Rows& rows, const Event& event) {
  auto message = std::make_shared<Message>();
  message->id = event.id;
  message->conversation = event.conversation;
  message->seq = event.seq;
  message->sender = event.actor;
  message->created_at = event.at;
  message->type = rows.enumerated<MessageType>();
  message->text = rows.text();
  message->attachments = rows.text();
  message->metadata = rows.text();
  message->client_id = rows.text();
  message->edited_at = rows.time();
  message->deleted_at = rows.time();
  message->recalled_at = rows.time();
  message->parent = rows.id<MessageId>();
  message->pinned_at = rows.time();
  read_more(rows.text(), *message);
  return message;
}

std::shared_ptr<Event> event_of(Rows& rows) {
  auto event = std::make_shared<Event>();
  event->position = {0, rows.count()};
  event->conversation = rows.id<ConversationId>();
  event->seq = rows.seq();
  event->id = rows.id<MessageId>();
  event->kind = rows.enumerated<EventKind>();
  event->actor = rows.user();
  event->at = rows.time();
  event->subject = rows.user();
  event->role = rows.enumerated<Role>();
  event->details = rows.text();
  event->target = rows.id<MessageId>();
  return event;
}

}  // namespace

Conversation read_conversation(Rows& rows) {
  Conversation row;
  row.id = rows.id<ConversationId>();
  row.type = rows.enumerated<ConversationType>();
  row.direct_low = rows.user();
  row.direct_high = rows.user();
  row.name = rows.text();
  row.avatar_url = rows.text();
  row.metadata = rows.text();
  row.settings.read_receipts = rows.number() != 0;
  row.settings.who_can_add = rows.enumerated<Who>();
  row.settings.who_can_post = rows.enumerated<Who>();
  row.created_at = rows.time();
  row.updated_at = rows.time();
  row.version = Version{rows.count()};
  row.last_seq = rows.seq();
  row.last_at = rows.count();
  row.pointers_at = rows.count();
  row.message_count = rows.count();
  row.last_message_seq = rows.seq();
  row.members_count = static_cast<std::uint32_t>(rows.number());
  row.deleted_seq = rows.seq();
  row.low_spoke = rows.number() != 0;
  row.high_spoke = rows.number() != 0;
  read_more(rows.text(), row.settings);
  return row;
}

Member read_member(Rows& rows) {
  Member row;
  row.user = rows.user();
  row.role = rows.enumerated<Role>();
  row.joined_at = rows.time();
  row.joined_seq = rows.seq();
  row.first_joined_seq = rows.seq();
  row.left_seq = rows.seq();
  row.read_seq = rows.seq();
  row.read_at = rows.time();
  row.read_position = rows.count();
  row.unread_base = rows.count();
  row.own.pinned = rows.number() != 0;
  row.own.archived = rows.number() != 0;
  row.own.muted_until = rows.time();
  row.own.notifications = rows.enumerated<Notify>();
  row.own.read_receipts = rows.number() != 0;
  row.own.hidden_seq = rows.seq();
  row.delivered_seq = std::max(row.read_seq, rows.seq());
  row.delivered_at = rows.time();
  row.read_beyond = SeqSpans::parse(rows.text());
  return row;
}

std::shared_ptr<Event> read_event(Rows& rows) {
  auto event = event_of(rows);
  if (event->kind == EventKind::message_created) event->message = message_of(rows, *event);
  return event;
}

Message read_message(Rows& rows) {
  auto event = event_of(rows);
  return std::move(*message_of(rows, *event));
}

void bind_conversation(Rows& rows, const Conversation& row, const std::string& more) {
  rows.bind(row.id)
      .bind(row.type)
      .bind(row.direct_low)
      .bind(row.direct_high)
      .bind(std::string_view(row.name));
  rows.bind(std::string_view(row.avatar_url)).bind(std::string_view(row.metadata));
  rows.bind(std::int64_t{row.settings.read_receipts})
      .bind(row.settings.who_can_add)
      .bind(row.settings.who_can_post);
  rows.bind(row.created_at)
      .bind(row.updated_at)
      .bind(row.version.value)
      .bind(row.last_seq)
      .bind(row.last_at);
  rows.bind(row.pointers_at).bind(row.message_count).bind(row.last_message_seq);
  rows.bind(std::int64_t{row.members_count}).bind(row.deleted_seq);
  rows.bind(std::int64_t{row.low_spoke}).bind(std::int64_t{row.high_spoke});
  rows.bind(std::string_view(more));
}

void bind_member(Rows& rows, const ConversationId& conversation, const Member& row,
                 const std::string& read_beyond) {
  rows.bind(conversation).bind(row.user).bind(row.role).bind(row.joined_at).bind(row.joined_seq);
  rows.bind(row.first_joined_seq)
      .bind(row.left_seq)
      .bind(row.read_seq)
      .bind(row.read_at)
      .bind(row.read_position);
  rows.bind(row.unread_base);
  rows.bind(std::int64_t{row.own.pinned}).bind(std::int64_t{row.own.archived});
  rows.bind(row.own.muted_until).bind(row.own.notifications);
  rows.bind(std::int64_t{row.own.read_receipts}).bind(row.own.hidden_seq);
  rows.bind(row.delivered_seq).bind(row.delivered_at).bind(std::string_view(read_beyond));
}

void bind_event(Rows& rows, const Event& event, const std::string& more) {
  static const Message none;
  // An amended message has a row of its own.
  const Message& message = event.kind == EventKind::message_created ? *event.message : none;
  rows.bind(event.position.at)
      .bind(event.conversation)
      .bind(event.seq)
      .bind(event.id)
      .bind(event.kind);
  rows.bind(event.actor)
      .bind(event.at)
      .bind(event.subject)
      .bind(event.role)
      .bind(std::string_view(event.details));
  rows.bind(event.target);
  rows.bind(message.type)
      .bind(std::string_view(message.text))
      .bind(std::string_view(message.attachments));
  rows.bind(std::string_view(message.metadata)).bind(std::string_view(message.client_id));
  rows.bind(message.edited_at).bind(message.deleted_at).bind(message.recalled_at);
  rows.bind_or_none(message.parent).bind(message.pinned_at).bind(std::string_view(more));
}

Result<std::optional<Conversation>> find_conversation(Database& database,
                                                      const ConversationId& id) {
  auto rows =
      database.use("SELECT " PARLEY_CONVERSATION_COLUMNS("") " FROM conversations WHERE id = ?");
  rows.bind(id);
  TRY(there, rows.step());
  return there ? std::optional{read_conversation(rows)} : std::nullopt;
}

Result<std::optional<Member>> find_member(Database& database, const ConversationId& id,
                                          const UserId& user) {
  auto rows = database.use("SELECT " PARLEY_MEMBER_COLUMNS(
      "") " FROM members WHERE conversation_id = ? AND user_id = ?");
  rows.bind(id).bind(user);
  TRY(there, rows.step());
  return there ? std::optional{read_member(rows)} : std::nullopt;
}

Result<std::optional<ConversationId>> find_direct(Database& database, const UserId& low,
                                                  const UserId& high) {
  auto rows = database.use(
      "SELECT d.conversation_id FROM directs d JOIN conversations c ON c.id = d.conversation_id "
      "WHERE d.low = ? AND d.high = ? AND c.deleted_seq = 0");
  rows.bind(low).bind(high);
  TRY(there, rows.step());
  return there ? std::optional{rows.id<ConversationId>()} : std::nullopt;
}

namespace {

Result<std::optional<OnceRecord>> the_record(Rows& rows, const UserId& who,
                                             const std::string& key) {
  rows.bind(who).bind(std::string_view(key));
  TRY(there, rows.step());
  if (!there) return std::nullopt;
  OnceRecord record;
  record.fingerprint = rows.count();
  record.conversation = rows.id<ConversationId>();
  record.seq = rows.seq();
  return record;
}

}  // namespace

Result<std::optional<OnceRecord>> find_once(Database& database, const UserId& who,
                                            const std::string& key) {
  auto rows = database.use(
      "SELECT fingerprint, conversation_id, seq FROM once WHERE user_id = ? AND key = ?");
  return the_record(rows, who, key);
}

Result<std::optional<OnceRecord>> find_recent_once(Database& database, const UserId& who,
                                                   const std::string& key) {
  auto rows = database.use(
      "SELECT fingerprint, conversation_id, seq FROM once_recent WHERE user_id = ? AND key = ?");
  return the_record(rows, who, key);
}

Record read_record(Rows& rows) {
  Record record;
  record.space = rows.text();
  record.owner = rows.text();
  record.key = rows.text();
  record.version = rows.count();
  record.at = rows.time();
  record.body = rows.text();
  return record;
}

Result<std::optional<Record>> find_record(Database& database, const std::string& space,
                                          const std::string& owner, const std::string& key) {
  auto rows = database.use(
      "SELECT space, owner, key, version, at, body FROM records WHERE space = ? AND owner = ? AND "
      "key = ?");
  rows.bind(std::string_view(space)).bind(std::string_view(owner)).bind(std::string_view(key));
  TRY(there, rows.step());
  return there ? std::optional{read_record(rows)} : std::nullopt;
}

Result<std::uint64_t> find_head(Database& database) {
  auto rows = database.use("SELECT position FROM lanes WHERE lane = 0");
  TRY_DO(rows.step());
  return rows.count();
}

}  // namespace parley::store::sqlite
