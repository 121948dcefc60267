#include "dialects/echo/wire.h"

#include <algorithm>
#include <array>

#include "base/json.h"

namespace parley::echo {
namespace {

constexpr std::array<std::pair<std::string_view, MessageType>, 9> types{
    {{"text", MessageType::text},
     {"image", MessageType::image},
     {"video", MessageType::video},
     {"audio", MessageType::audio},
     {"file", MessageType::file},
     {"document", MessageType::document},
     {"location", MessageType::location},
     {"contact", MessageType::contact},
     {"poll", MessageType::poll}}};

void write_reactions(JsonWriter& json, const std::vector<Reaction>& reactions) {
  json.key("reactions");
  json.open_list();
  for (auto at = reactions.begin(); at != reactions.end(); ++at) {
    const auto same = [&](const Reaction& one) { return one.emoji == at->emoji; };
    if (std::find_if(reactions.begin(), at, same) != at) continue;
    json.open();
    json.field("reaction_type", at->emoji);
    json.field("count", std::count_if(at, reactions.end(), same));
    json.key("user_ids");
    json.open_list();
    for (const Reaction& one : reactions)
      if (same(one)) json.value(one.user.text);
    json.close_list();
    json.close();
  }
  json.close_list();
}

void write_time(JsonWriter& json, std::string_view name, Time at) {
  if (at != Time{}) json.field(name, at);
}

}  // namespace

std::optional<MessageType> read_type(std::string_view name) {
  auto at = std::ranges::find(types, name, [](const auto& one) { return one.first; });
  return at != types.end() ? std::optional{at->second} : std::nullopt;
}

std::string_view type_name(MessageType type) {
  auto at = std::ranges::find(types, type, [](const auto& one) { return one.second; });
  return at != types.end() ? at->first : "text";
}

std::string_view role_name(Role role) {
  return role == Role::owner ? "owner" : role == Role::admin ? "admin" : "member";
}

std::int64_t unix_seconds(Time at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

Delivery delivery_of(const Message& message, const std::vector<Member>& members) {
  Delivery delivery;
  for (const Member& member : members) {
    if (member.user == message.sender || member.joined_seq > message.seq) continue;
    ++delivery.recipients;
    const bool read = read_at(message, member.user).has_value();
    if (read || member.delivered_seq >= message.seq) ++delivery.delivered;
    if (read) ++delivery.read;
  }
  return delivery;
}

std::optional<Time> read_at(const Message& message, const UserId& user) {
  auto at = std::ranges::find(message.seen_by, user, &SeenBy::user);
  return at == message.seen_by.end() ? std::nullopt : std::optional{at->at};
}

void write_mentions(JsonWriter& json, const std::vector<Mention>& mentions) {
  json.key("mentions");
  json.open_list();
  for (const Mention& one : mentions) {
    if (one.user.empty()) continue;
    json.open();
    json.field("user_id", one.user.text);
    json.field("offset", one.offset);
    json.field("length", one.length);
    json.close();
  }
  json.close_list();
}

void write_message(JsonWriter& json, const Message& message, const Delivery& delivery) {
  json.open();
  json.field("id", message.id);
  json.field("conversation_id", message.conversation);
  json.field("sender_user_id", message.sender.text);
  if (!message.parent.empty()) json.field("parent_message_id", message.parent);
  json.field("content", message.text);
  json.field("message_type", type_name(message.type));
  json.field("status", delivery.status());
  json.field("is_edited", message.edited_at != Time{});
  json.field("is_deleted", message.gone());
  write_mentions(json, message.mentions);
  json.raw_field("metadata", message.metadata.empty() ? "{}" : message.metadata);
  json.field("created_at", message.created_at);
  json.field("updated_at", std::max({message.created_at, message.edited_at, message.deleted_at,
                                     message.recalled_at}));
  write_time(json, "edited_at", message.edited_at);
  write_time(json, "deleted_at", std::max(message.deleted_at, message.recalled_at));
  json.field("reply_count", message.reply_count);
  json.field("delivery_count", delivery.delivered);
  json.field("read_count", delivery.read);
  if (!message.reactions.empty()) write_reactions(json, message.reactions);
  json.close();
}

void write_sent(JsonWriter& json, const Message& message) {
  json.open();
  json.field("id", message.id);
  json.field("conversation_id", message.conversation);
  json.field("sender_user_id", message.sender.text);
  json.field("content", message.text);
  json.field("message_type", type_name(message.type));
  json.field("status", "sent");
  if (!message.parent.empty()) json.field("parent_message_id", message.parent);
  write_mentions(json, message.mentions);
  json.raw_field("metadata", message.metadata.empty() ? "{}" : message.metadata);
  json.field("created_at", unix_seconds(message.created_at));
  json.field("updated_at", unix_seconds(message.created_at));
  json.close();
}

Extras extras_of(const Conversation& conversation) {
  Extras extras;
  auto metadata = parse_json_object(conversation.metadata.empty() ? "{}" : conversation.metadata);
  auto own = metadata ? metadata->object("echo") : std::optional<JsonObject>{};
  if (!own || !*own) return extras;
  auto text = [&](std::string_view name) {
    auto found = (*own)->text(name);
    return std::string(found ? found->value_or("") : "");
  };
  extras.kind = text("kind");
  extras.description = text("description");
  extras.encrypted = (*own)->flag("encrypted").value_or(true).value_or(true);
  extras.open = (*own)->flag("public").value_or(false).value_or(false);
  return extras;
}

std::string metadata_of(const Extras& extras) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("echo");
  json.open();
  if (!extras.kind.empty()) json.field("kind", extras.kind);
  if (!extras.description.empty()) json.field("description", extras.description);
  json.field("encrypted", extras.encrypted);
  json.field("public", extras.open);
  json.close();
  json.close();
  return out;
}

std::string kind_of(const Conversation& conversation) {
  const std::string kind = extras_of(conversation).kind;
  return kind.empty() ? std::string(name_of(conversation.type)) : kind;
}

std::string_view type_name(EventKind kind) {
  switch (kind) {
    case EventKind::message_created:
      return "new_message";
    case EventKind::message_updated:
      return "message_edited";
    case EventKind::message_deleted:
    case EventKind::message_recalled:
      return "message_deleted";
    case EventKind::reaction_added:
      return "reaction_added";
    case EventKind::reaction_removed:
      return "reaction_removed";
    case EventKind::member_added:
    case EventKind::member_removed:
    case EventKind::member_updated:
      return "conversation_updated";
    default:
      return {};
  }
}

void write_event(JsonWriter& json, const Event& event) {
  const bool created = event.kind == EventKind::message_created;
  json.open();
  if (created) json.field("type", "new_message");
  if (!event.target.empty()) json.field("message_id", event.target);
  if (!created) json.field("conversation_id", event.conversation);
  switch (event.kind) {
    case EventKind::message_created:
    case EventKind::message_updated:
      json.key("message");
      write_message(json, *event.message, {});
      break;
    case EventKind::message_deleted:
    case EventKind::message_recalled:
      json.field("user_id", event.actor.text);
      break;
    case EventKind::reaction_added:
    case EventKind::reaction_removed:
      json.field("user_id", event.subject.text);
      json.field("reaction_type", event.details);
      break;
    default:
      json.field("change", event.kind == EventKind::member_added     ? "participant_added"
                           : event.kind == EventKind::member_removed ? "participant_removed"
                                                                     : "permissions");
      json.field("user_id", event.subject.text);
  }
  json.field("timestamp", event.at);
  json.close();
}

void write_state(JsonWriter& json, const MessageId& message, const ConversationId& where,
                 const UserId& user, Time at) {
  json.open();
  json.field("message_id", message);
  json.field("user_id", user.text);
  json.field("conversation_id", where);
  json.field("timestamp", at);
  json.close();
}

void write_typing(JsonWriter& json, const Signal& signal, Time now) {
  json.open();
  json.field("conversation_id", signal.conversation);
  json.field("user_id", signal.user.text);
  json.field("is_typing", signal.on);
  json.field("timestamp", now);
  json.close();
}

std::string framed(FrameStyle style, std::string_view type,
                   const std::function<void(JsonWriter&)>& fields) {
  std::string payload;
  JsonWriter inner(payload);
  fields(inner);
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", type);
  if (style == FrameStyle::nested) {
    json.raw_field("payload", payload);
    json.close();
    return out;
  }
  // new_message says its type in its payload, too.
  std::string_view beside = std::string_view(payload).substr(1);
  const std::string twice = out.substr(1) + ',';
  if (beside.starts_with(twice)) beside.remove_prefix(twice.size());
  if (beside != "}") out += ',';
  return out.append(beside);
}

}  // namespace parley::echo
