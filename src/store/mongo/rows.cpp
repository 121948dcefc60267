#include "store/mongo/rows.h"

#include <algorithm>

#include "base/json.h"
#include "model/message_more.h"
#include "model/settings_more.h"

namespace parley::store::mongo {

Doc member_name(const ConversationId& where, const UserId& user) {
  return Doc().put("conversation", where).put("user", user);
}
Doc reading_name(const ConversationId& where, const UserId& user, Seq upto) {
  return Doc().put("conversation", where).put("user", user).put("upto", upto);
}
Doc reaction_name(const ConversationId& where, Seq seq, const UserId& user,
                  const std::string& emoji) {
  return Doc().put("conversation", where).put("seq", seq).put("user", user).put("emoji", emoji);
}
Doc mention_name(const ConversationId& where, Seq seq, const UserId& user) {
  return Doc().put("conversation", where).put("user", user).put("seq", seq);
}
Doc once_name(const UserId& who, const std::string& key) {
  return Doc().put("user", who).put("key", key);
}
Doc kept_for_a_day(Time before) {
  return Doc().put("keep", OnceKey::Keep::a_day).put("at", Doc().put("$lt", before));
}
Doc block_name(const UserId& blocker, const UserId& blocked) {
  return Doc().put("blocker", blocker).put("blocked", blocked);
}
Doc record_name(const std::string& space, const std::string& owner, const std::string& key) {
  return Doc().put("space", space).put("owner", owner).put("key", key);
}
Doc pair_name(const UserId& low, const UserId& high) {
  return Doc().put("low", low).put("high", high);
}

std::string_view type_shown(ConversationType type) {
  switch (type) {
    case ConversationType::direct:
      return "DIRECT";
    case ConversationType::channel:
      return "CHANNEL";
    case ConversationType::group:
      break;
  }
  return "GROUP";
}

Conversation read_conversation(Fields doc) {
  Conversation row;
  row.id = doc.id<ConversationId>("_id");
  row.name = doc.text("name");
  Fields own = doc.in("parley");
  row.type = own.enumerated<ConversationType>("type");
  row.direct_low = own.user("low");
  row.direct_high = own.user("high");
  row.avatar_url = own.text("avatar_url");
  row.metadata = own.text("metadata");
  row.settings.read_receipts = own.flag("read_receipts");
  row.settings.who_can_add = own.enumerated<Who>("who_can_add");
  row.settings.who_can_post = own.enumerated<Who>("who_can_post");
  read_more(own.text("more_settings"), row.settings);
  row.created_at = own.time("created_at");
  row.updated_at = own.time("updated_at");
  row.version = Version{own.count("version")};
  row.last_seq = own.seq("last_seq");
  row.last_at = own.count("last_at");
  row.pointers_at = own.count("pointers_at");
  row.message_count = own.count("message_count");
  row.last_message_seq = own.seq("last_message_seq");
  row.members_count = static_cast<std::uint32_t>(own.number("members_count"));
  row.deleted_seq = own.seq("deleted_seq");
  row.low_spoke = own.flag("low_spoke");
  row.high_spoke = own.flag("high_spoke");
  return row;
}

Participants read_participants(Fields doc) {
  if (!doc.has("participants")) return std::nullopt;
  const auto names = doc.texts("participants");
  return std::set<std::string>(names.begin(), names.end());
}

Doc conversation_inside(const Conversation& row) {
  Doc own;
  own.put("type", row.type);
  if (!row.direct_high.empty()) {
    own.put("low", row.direct_low).put("high", row.direct_high);
    if (row.deleted_seq.value == 0) own.put("pair", pair_name(row.direct_low, row.direct_high));
  }
  own.put_some("avatar_url", row.avatar_url).put_some("metadata", row.metadata);
  own.put("read_receipts", row.settings.read_receipts);
  own.put("who_can_add", row.settings.who_can_add).put("who_can_post", row.settings.who_can_post);
  own.put_some("more_settings", more_of(row.settings));
  own.put("created_at", row.created_at).put("updated_at", row.updated_at);
  own.put("version", row.version).put("last_seq", row.last_seq).put("last_at", row.last_at);
  own.put("pointers_at", row.pointers_at).put("message_count", row.message_count);
  own.put("last_message_seq", row.last_message_seq).put("members_count", row.members_count);
  own.put_some("deleted_seq", row.deleted_seq);
  own.put_some("low_spoke", row.low_spoke).put_some("high_spoke", row.high_spoke);
  return own;
}

ConversationId conversation_of_member(Fields doc) {
  return doc.in("_id").id<ConversationId>("conversation");
}

Member read_member(Fields doc) {
  Member row;
  row.user = doc.in("_id").user("user");
  row.role = doc.enumerated<Role>("role");
  row.joined_at = doc.time("joined_at");
  row.joined_seq = doc.seq("joined_seq");
  row.first_joined_seq = doc.seq("first_joined_seq");
  row.left_seq = doc.seq("left_seq");
  row.read_seq = doc.seq("read_seq");
  row.read_at = doc.time("read_at");
  row.read_position = doc.count("read_position");
  row.unread_base = doc.count("unread_base");
  row.own.pinned = doc.flag("pinned");
  row.own.archived = doc.flag("archived");
  row.own.muted_until = doc.time("muted_until");
  row.own.notifications = doc.enumerated<Notify>("notifications");
  row.own.read_receipts = doc.flag("own_receipts");
  row.own.hidden_seq = doc.seq("hidden_seq");
  row.delivered_seq = std::max(row.read_seq, doc.seq("delivered_seq"));
  row.delivered_at = doc.time("delivered_at");
  doc.each("read_beyond", [&](Fields span) {
    const Seq from = span.seq("from");
    row.read_beyond.add({from, span.seq("upto")});
  });
  return row;
}

Doc member_doc(const ConversationId& where, const Member& row, std::uint64_t stamp) {
  Doc doc;
  doc.put("_id", member_name(where, row.user)).put("role", row.role);
  doc.put("joined_at", row.joined_at).put("joined_seq", row.joined_seq);
  doc.put("first_joined_seq", row.first_joined_seq).put("left_seq", row.left_seq);
  doc.put("read_seq", row.read_seq).put("read_at", row.read_at);
  doc.put("read_position", row.read_position).put("unread_base", row.unread_base);
  doc.put_some("pinned", row.own.pinned).put_some("archived", row.own.archived);
  doc.put_some("muted_until", row.own.muted_until).put("notifications", row.own.notifications);
  doc.put("own_receipts", row.own.read_receipts).put_some("hidden_seq", row.own.hidden_seq);
  doc.put("delivered_seq", row.delivered_seq).put("delivered_at", row.delivered_at);
  List beyond;
  for (const SeqSpan& span : row.read_beyond.all())
    beyond.add(Doc().put("from", span.from).put("upto", span.upto));
  if (!row.read_beyond.empty()) doc.put("read_beyond", beyond);
  doc.put("stamp", stamp);
  return doc;
}

namespace {

// What every event has, a message's too.
void put_event(Doc& doc, const Event& event) {
  doc.put("seq", event.seq).put("position", event.position.at).put("at", event.at);
  doc.put_some("subject", event.subject.text);
  if (event.role != Role::member) doc.put("role", event.role);
  doc.put_some("details", event.details).put_some("target", event.target);
}

void take_event(Fields& doc, Event& event) {
  event.seq = doc.seq("seq");
  event.position = {0, doc.count("position")};
  event.at = doc.time("at");
  event.subject = doc.user("subject");
  if (doc.has("role")) event.role = doc.enumerated<Role>("role");
  event.details = doc.text("details");
  event.target = doc.id<MessageId>("target");
}

// What an amendment may change of a message, but for its text and whom it mentions.
template <class Put>
void put_changing(const Message& message, Put put) {
  put("parley.attachments", message.attachments);
  put("parley.metadata", message.metadata);
  put("parley.edited_at", message.edited_at);
  put("parley.deleted_at", message.deleted_at);
  put("parley.recalled_at", message.recalled_at);
  put("parley.gone", message.gone());
  put("parley.pinned_at", message.pinned_at);
  put("parley.more", more_of(message));
}

}  // namespace

List mentioned_in(const Message& message) {
  List names;
  for (const Mention& one : message.mentions)
    if (!one.user.empty()) names.add(one.user);
  return names;
}

List list_of(const std::set<std::string>& names) {
  List list;
  for (const std::string& name : names) list.add(name);
  return list;
}

Doc event_doc(const Event& event) {
  Doc doc;
  doc.put("_id", event.id).put("conversation_id", event.conversation);
  doc.put("kind", event.kind).put("actor", event.actor);
  put_event(doc, event);
  return doc;
}

std::shared_ptr<Event> read_event(Fields doc) {
  auto event = std::make_shared<Event>();
  event->id = doc.id<MessageId>("_id");
  event->conversation = doc.id<ConversationId>("conversation_id");
  event->kind = doc.enumerated<EventKind>("kind");
  event->actor = doc.user("actor");
  take_event(doc, *event);
  return event;
}

Doc message_doc(const Event& event, const Participants& participants) {
  const Message& message = *event.message;
  Doc doc;
  doc.put("_id", event.id).put("conversation_id", event.conversation);
  doc.put("sender_id", event.actor).put("sender", event.actor);
  doc.put("content", message.text);
  doc.put("message_type", message.type == MessageType::system ? "SYSTEM" : "TEXT");
  doc.put("mentions", mentioned_in(message)).put("created_at", Date{event.at});
  if (participants) doc.put("participants", list_of(*participants));
  doc.put("delivery_status", Doc().put("read_by", List()));
  Doc own;
  put_event(own, event);
  own.put("type", message.type).put_some("client_id", message.client_id);
  own.put_some("parent", message.parent);
  put_changing(message, [&](std::string_view path, const auto& value) {
    own.put_some(path.substr(path.find('.') + 1), value);
  });
  doc.put("parley", own);
  return doc;
}

Doc amendment(const Message& message) {
  Doc set, unset;
  set.put("content", message.text).put("mentions", mentioned_in(message));
  put_changing(message, [&]<class T>(std::string_view path, const T& value) {
    if (value == T{})
      unset.put(path, "");
    else
      set.put(path, value);
  });
  Doc change;
  change.put("$set", set);
  if (!unset.empty()) change.put("$unset", unset);
  return change;
}

std::shared_ptr<Event> read_message_event(Fields doc) {
  auto event = std::make_shared<Event>();
  event->id = doc.id<MessageId>("_id");
  event->conversation = doc.id<ConversationId>("conversation_id");
  event->kind = EventKind::message_created;
  event->actor = doc.user("sender_id");
  auto message = std::make_shared<Message>();
  message->text = doc.text("content");
  Fields own = doc.in("parley");
  take_event(own, *event);
  message->id = event->id;
  message->conversation = event->conversation;
  message->seq = event->seq;
  message->sender = event->actor;
  message->created_at = event->at;
  message->type = own.enumerated<MessageType>("type");
  message->client_id = own.text("client_id");
  message->parent = own.id<MessageId>("parent");
  message->attachments = own.text("attachments");
  message->metadata = own.text("metadata");
  message->edited_at = own.time("edited_at");
  message->deleted_at = own.time("deleted_at");
  message->recalled_at = own.time("recalled_at");
  message->pinned_at = own.time("pinned_at");
  read_more(own.view("more"), *message);
  event->message = std::move(message);
  return event;
}

Message read_message(Fields doc) { return *read_message_event(doc)->message; }

Reading read_reading(Fields doc) {
  Reading reading;
  Fields name = doc.in("_id");
  reading.user = name.user("user");
  reading.span.upto = name.seq("upto");
  reading.span.from = doc.seq("from");
  reading.at = doc.time("at");
  return reading;
}

Record read_record(Fields doc) {
  Record record;
  Fields name = doc.in("_id");
  record.space = name.text("space");
  record.owner = name.text("owner");
  record.key = name.text("key");
  record.version = doc.count("version");
  record.at = doc.time("at");
  record.body = doc.text("body");
  return record;
}

bool is_of_user_cache(const Record& row) {
  return row.space == "pulse.users" && row.key == "profile";
}

Doc user_cache_doc(const Record& row) {
  Doc doc;
  doc.put("_id", row.owner);
  if (const auto profile = parse_json_object(row.body)) {
    for (const char* name : {"username", "display_name", "avatar_url"})
      doc.put(name, profile->text(name).value_or(std::nullopt).value_or(""));
    doc.put("verified", profile->flag("verified").value_or(std::nullopt).value_or(false));
  }
  doc.put("last_synced", Date{row.at});
  return doc;
}

Doc record_doc(const Record& row) {
  return Doc()
      .put("_id", record_name(row.space, row.owner, row.key))
      .put("version", row.version)
      .put("at", row.at)
      .put("body", row.body);
}

}  // namespace parley::store::mongo
