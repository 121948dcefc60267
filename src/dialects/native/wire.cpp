#include "dialects/native/wire.h"

#include "dialects/native/presence.h"

#include <algorithm>

namespace parley::native {
namespace {

void write_settings(JsonWriter& json, const ConversationSettings& settings) {
  json.key("settings");
  json.open();
  json.field("read_receipts", settings.read_receipts);
  json.field("who_can_add", name_of(settings.who_can_add));
  json.field("who_can_post", name_of(settings.who_can_post));
  json.field("slow_mode_s", settings.slow_mode.count());
  json.field("retention_days", settings.retention_days);
  json.field("first_message_limit", settings.first_message_limit.value_or(false));
  json.close();
}

// What another door has a name for and this one has not.
MessageType own_type(MessageType type) {
  if (type == MessageType::document) return MessageType::file;
  return type > MessageType::system ? MessageType::text : type;
}

void write_end(JsonWriter& json, const Message& message) {
  if (message.deleted_at != Time{}) json.field("deleted_at", message.deleted_at);
  if (message.recalled_at != Time{}) json.field("recalled_at", message.recalled_at);
}

void write_mentions(JsonWriter& json, const std::vector<Mention>& mentions) {
  json.key("mentions");
  json.open_list();
  for (const Mention& one : mentions) {
    json.open();
    if (one.user.empty()) {
      json.field("all", true);
    } else {
      json.field("user_id", one.user.text);
      json.field("offset", one.offset);
      json.field("length", one.length);
    }
    json.close();
  }
  json.close_list();
}

// What is gone is quoted as gone.
void write_quote(JsonWriter& json, const Message& quoted) {
  json.key("quote");
  json.open();
  json.field("id", quoted.id);
  json.field("seq", quoted.seq.value);
  json.field("sender_id", quoted.sender.text);
  json.field("type", name_of(own_type(quoted.type)));
  if (!quoted.text.empty()) json.field("text", quoted.text);
  if (!quoted.attachments.empty()) json.raw_field("attachments", quoted.attachments);
  write_end(json, quoted);
  json.close();
}

void write_forwarded(JsonWriter& json, const Forwarded& from) {
  json.key("forwarded_from");
  json.open();
  json.field("message_id", from.message);
  json.field("conversation_id", from.conversation);
  json.field("sender_id", from.sender.text);
  json.close();
}

// Each emoji once, in the order of its first use.
void write_reactions(JsonWriter& json, const std::vector<Reaction>& reactions,
                     const UserId& viewer) {
  json.key("reactions");
  json.open_list();
  for (auto at = reactions.begin(); at != reactions.end(); ++at) {
    const auto same = [&](const Reaction& one) { return one.emoji == at->emoji; };
    if (std::find_if(reactions.begin(), at, same) != at) continue;
    json.open();
    json.field("emoji", at->emoji);
    json.field("count", std::count_if(at, reactions.end(), same));
    json.field("me", std::any_of(at, reactions.end(), [&](const Reaction& one) {
                 return same(one) && one.user == viewer;
               }));
    json.close();
  }
  json.close_list();
}

void write_reaction_event(JsonWriter& json, const Event& event) {
  json.open();
  json.field("message_id", event.target);
  json.field("user_id", event.subject.text);
  json.field("emoji", event.details);
  json.close();
}

// An edit that was replayed after its message had gone tells that, too.
void write_amended(JsonWriter& json, const Event& event, const UserId& viewer) {
  if (event.kind == EventKind::message_updated && event.message)
    return write(json, Seen{*event.message, viewer});
  json.open();
  json.field("id", event.target);
  if (event.message) {
    json.field("seq", event.message->seq.value);
    write_end(json, *event.message);
  }
  json.field("by", event.actor.text);
  json.close();
}

void write_member_event(JsonWriter& json, const Event& event) {
  json.open();
  json.field("user_id", event.subject.text);
  json.field("role", name_of(event.role));
  json.field("by", event.actor.text);
  json.close();
}

// The model keeps the details of a conversation.* event as a JSON object; the id and the actor come in front.
void write_conversation_event(JsonWriter& json, const Event& event) {
  json.open();
  json.field("id", event.conversation);
  json.field("by", event.actor.text);
  json.close();
}

std::string conversation_event_data(const Event& event) {
  std::string out;
  JsonWriter json(out);
  write_conversation_event(json, event);
  if (event.details.size() <= 2) return out;  // "" or "{}"
  out.back() = ',';
  out.append(event.details, 1);
  return out;
}

void write_data(JsonWriter& json, const Event& event, const UserId& viewer) {
  switch (event.kind) {
    case EventKind::message_created:
      return write(json, *event.message);
    case EventKind::message_updated:
    case EventKind::message_deleted:
    case EventKind::message_recalled:
    case EventKind::message_pinned:
    case EventKind::message_unpinned:
      return write_amended(json, event, viewer);
    case EventKind::reaction_added:
    case EventKind::reaction_removed:
      return write_reaction_event(json, event);
    case EventKind::member_added:
    case EventKind::member_removed:
    case EventKind::member_updated:
      return write_member_event(json, event);
    default:
      return json.raw(conversation_event_data(event));
  }
}

}  // namespace

void write(JsonWriter& json, const Message& message) { write(json, Seen{message, UserId{}}); }

void write(JsonWriter& json, const Seen& seen) {
  const Message& message = seen.message;
  json.open();
  json.field("id", message.id);
  json.field("conversation_id", message.conversation);
  json.field("seq", message.seq.value);
  json.field("sender_id", message.sender.text);
  json.field("type", name_of(own_type(message.type)));
  if (!message.text.empty()) json.field("text", message.text);
  if (!message.attachments.empty()) json.raw_field("attachments", message.attachments);
  if (!message.metadata.empty()) json.raw_field("metadata", message.metadata);
  if (message.sealed) json.field("sealed", true);
  if (!message.parent.empty()) json.field("parent_id", message.parent);
  if (message.reply_count != 0) json.field("reply_count", message.reply_count);
  if (message.quoted) write_quote(json, *message.quoted);
  if (!message.mentions.empty()) write_mentions(json, message.mentions);
  if (!message.reactions.empty()) write_reactions(json, message.reactions, seen.viewer);
  if (message.forwarded_from) write_forwarded(json, *message.forwarded_from);
  if (message.pinned_at != Time{}) json.field("pinned_at", message.pinned_at);
  if (!message.client_id.empty()) json.field("client_id", message.client_id);
  json.field("created_at", message.created_at);
  if (message.edited_at != Time{} && !message.gone()) json.field("edited_at", message.edited_at);
  write_end(json, message);
  if (message.expires_at != Time{}) json.field("expires_at", message.expires_at);
  json.field("status", name_of(message.progress));
  json.close();
}

void write(JsonWriter& json, const store::EarlierText& before) {
  json.open();
  json.field("text", before.text);
  json.field("edited_at", before.until);
  json.close();
}

void write(JsonWriter& json, const store::Block& block) {
  json.open();
  json.field("user_id", block.blocked.text);
  json.field("created_at", block.since);
  json.close();
}

void write(JsonWriter& json, const Presence& presence) {
  json.open();
  json.field("user_id", presence.user.text);
  json.field("status", presence.status);
  if (presence.last_seen != Time{}) json.field("last_seen", presence.last_seen);
  json.field("devices", presence.devices);
  json.close();
}

void write(JsonWriter& json, const Member& member) {
  json.open();
  json.field("user_id", member.user.text);
  json.field("role", name_of(member.role));
  json.field("can_post", member.role != Role::reader);
  json.field("joined_at", member.joined_at);
  json.field("read_seq", member.read_seq.value);
  json.close();
}

void write(JsonWriter& json, const engine::ConversationView& view) {
  const Conversation& conversation = view.conversation;
  json.open();
  json.field("id", conversation.id);
  json.field("type", name_of(conversation.type));
  if (!conversation.name.empty()) json.field("name", conversation.name);
  if (!conversation.avatar_url.empty()) json.field("avatar_url", conversation.avatar_url);
  if (!conversation.metadata.empty()) json.raw_field("metadata", conversation.metadata);
  if (conversation.type == ConversationType::direct) {
    json.key("members");
    json.open_list();
    json.value(conversation.direct_low.text);
    json.value(conversation.direct_high.text);
    json.close_list();
  }
  write_settings(json, conversation.settings);
  json.field("members_count", conversation.members_count);
  json.field("created_at", conversation.created_at);
  json.field("updated_at", conversation.updated_at);
  json.field("last_seq", conversation.last_seq.value);
  if (view.last_message) {
    json.key("last_message");
    write(json, *view.last_message);
  }
  json.field("unread_count", unread_count(conversation, view.mine));
  json.field("mention_count", view.mention_count);
  json.field("read_seq", view.mine.read_seq.value);
  json.field("my_role", name_of(view.mine.role));
  json.field("pinned", view.mine.own.pinned);
  json.field("archived", view.mine.own.archived);
  if (view.mine.own.muted_until != Time{}) json.field("muted_until", view.mine.own.muted_until);
  json.field("notifications", name_of(view.mine.own.notifications));
  json.field("read_receipts", view.mine.own.read_receipts);
  json.close();
}

void write_error(JsonWriter& json, const Error& error) {
  json.open();
  json.field("code", name_of(error.code));
  json.field("message",
             error.detail.empty() ? title_of(error.code) : std::string_view(error.detail));
  if (error.retry_after.count() > 0) json.field("retry_after_ms", error.retry_after.count());
  json.close();
}

std::string event_json(const Event& event, const Cursor& cursor, const UserId& viewer) {
  std::string out;
  out.reserve(512);
  JsonWriter json(out);
  json.open();
  json.field("type", name_of(event.kind));
  json.field("conversation_id", event.conversation);
  json.field("seq", event.seq.value);
  json.field("cursor", cursor.text());
  json.key("data");
  write_data(json, event, viewer);
  json.close();
  return out;
}

std::string delivered_updated_json(const Pointer& pointer) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "delivered.updated");
  json.field("conversation_id", pointer.conversation);
  json.key("data");
  json.open();
  json.field("user_id", pointer.user.text);
  json.field("delivered_seq", pointer.delivered_seq.value);
  json.close();
  json.close();
  return out;
}

std::string read_updated_json(const Pointer& pointer) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "read.updated");
  json.field("conversation_id", pointer.conversation);
  json.key("data");
  json.open();
  json.field("user_id", pointer.user.text);
  json.field("read_seq", pointer.read_seq.value);
  json.close();
  json.close();
  return out;
}

std::string call_json(const Signal& signal) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "call.signal");
  if (!signal.conversation.empty()) json.field("conversation_id", signal.conversation);
  json.raw_field("data", signal.details);
  json.close();
  return out;
}

std::string presence_json(const Signal& signal) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "presence.changed");
  json.key("data");
  json.open();
  json.field("user_id", signal.user.text);
  json.field("status", !signal.details.empty() ? signal.details : signal.on ? "online" : "offline");
  json.close();
  json.close();
  return out;
}

std::string notification_json(const Signal& signal, const Cursor& cursor) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "notification.created");
  json.field("cursor", cursor.text());
  json.raw_field("data", signal.details);
  json.close();
  return out;
}

std::string typing_json(const Signal& signal) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "typing");
  json.field("conversation_id", signal.conversation);
  json.key("data");
  json.open();
  json.field("conversation_id", signal.conversation);
  json.field("user_id", signal.user.text);
  json.field("is_typing", signal.on);
  json.close();
  json.close();
  return out;
}

std::string unread_updated_json(const ConversationId& conversation, std::uint64_t count) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", "unread.updated");
  json.field("conversation_id", conversation);
  json.key("data");
  json.open();
  json.field("conversation_id", conversation);
  json.field("unread_count", count);
  json.close();
  json.close();
  return out;
}

std::string pointer_json(const Pointer& pointer) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("conversation_id", pointer.conversation);
  json.field("user_id", pointer.user.text);
  json.field("read_seq", pointer.read_seq.value);
  json.field("delivered_seq", pointer.delivered_seq.value);
  json.close();
  return out;
}

}  // namespace parley::native
