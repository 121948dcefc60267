#include "dialects/dinq/wire.h"

#include <algorithm>
#include <array>

#include "base/clip.h"

namespace parley::dinq {
namespace {

constexpr std::size_t preview_code_points = 50;

constexpr std::array<std::pair<std::string_view, MessageType>, 6> types{
    {{"text", MessageType::text},
     {"image", MessageType::image},
     {"video", MessageType::video},
     {"emoji", MessageType::emoji},
     {"file", MessageType::file},
     {"voice", MessageType::audio}}};

void write_mentions(JsonWriter& json, const Message& message) {
  if (message.mentions.empty()) return;
  json.key("mentions");
  json.open_list();
  for (const Mention& one : message.mentions)
    if (!one.user.empty()) json.value(one.user.text);
  json.close_list();
  if (std::ranges::any_of(message.mentions, [](const Mention& one) { return one.user.empty(); }))
    json.field("mention_all", true);
}

void write_reply_to(JsonWriter& json, const Message& message) {
  if (!message.quoted) return;
  json.key("reply_to");
  const Message& quoted = *message.quoted;
  if (quoted.gone()) return json.null();
  json.open();
  json.field("id", quoted.id);
  json.field("sender_id", quoted.sender.text);
  json.field("message_type", type_name(quoted));
  auto text = preview(quoted);
  if (text)
    json.field("content", *text);
  else
    json.null_field("content");
  json.close();
}

// What it answers: its quote, or at other doors the head of its thread.
const MessageId& answers(const Message& message) {
  return message.quote.empty() ? message.parent : message.quote;
}

// A copy says so among its metadata, as this wire has no other place for it.
std::string metadata_of(const Message& message) {
  if (!message.forwarded_from) return message.metadata;
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("forwarded_from");
  json.open();
  json.field("message_id", message.forwarded_from->message);
  json.field("conversation_id", message.forwarded_from->conversation);
  json.field("sender_id", message.forwarded_from->sender.text);
  json.close();
  json.close();
  if (message.metadata.size() > 2) {
    out.back() = ',';
    out.append(message.metadata, 1);
  }
  return out;
}

}  // namespace

std::string_view type_name(const Message& message) {
  if (message.sealed) return "encrypted";
  auto at = std::ranges::find(types, message.type, [](const auto& one) { return one.second; });
  return at != types.end() ? at->first : name_of(message.type);
}

std::optional<MessageType> read_type(std::string_view name) {
  auto at = std::ranges::find(types, name, [](const auto& one) { return one.first; });
  return at != types.end() ? std::optional{at->second} : std::nullopt;
}

std::optional<std::string> preview(const Message& message) {
  if (message.gone()) return std::nullopt;
  if (message.sealed) return "[\u52a0\u5bc6\u6d88\u606f]";
  switch (message.type) {
    case MessageType::text:
    case MessageType::system: {
      const std::string_view start = first_code_points(message.text, preview_code_points);
      return std::string(start) + (start.size() < message.text.size() ? "..." : "");
    }
    case MessageType::image:
      return "[\u56fe\u7247]";
    case MessageType::video:
      return "[\u89c6\u9891]";
    case MessageType::emoji:
      return "[\u8868\u60c5]";
    case MessageType::file:
    case MessageType::document:
      return "[\u6587\u4ef6]";
    case MessageType::audio:
      return "[\u8bed\u97f3]";
    case MessageType::location:
    case MessageType::contact:
    case MessageType::poll:
      break;
  }
  return std::nullopt;
}

void write(JsonWriter& json, const Message& message) {
  json.open();
  json.field("id", message.id);
  json.field("conversation_id", message.conversation);
  json.field("sender_id", message.sender.text);
  json.field("message_type", type_name(message));
  if (!message.text.empty()) json.field("content", message.text);
  if (const std::string metadata = metadata_of(message); !metadata.empty())
    json.raw_field("metadata", metadata);
  json.field("status", "sent");
  if (const MessageId& target = answers(message); !target.empty())
    json.field("reply_to_message_id", target);
  write_reply_to(json, message);
  write_mentions(json, message);
  json.field("is_recalled", message.gone());
  if (message.gone()) json.field("recalled_at", std::max(message.recalled_at, message.deleted_at));
  json.field("created_at", message.created_at);
  json.close();
}

void write_live(JsonWriter& json, const Message& message, bool can_send) {
  json.open();
  json.field("id", message.id);
  json.field("conversation_id", message.conversation);
  json.field("sender_id", message.sender.text);
  json.field("message_type", type_name(message));
  if (message.text.empty())
    json.null_field("content");
  else
    json.field("content", message.text);
  const std::string metadata = metadata_of(message);
  json.raw_field("metadata", metadata.empty() ? "null" : metadata);
  json.field("status", "sent");
  json.field("created_at", message.created_at);
  const MessageId& target = answers(message);
  if (target.empty())
    json.null_field("reply_to_message_id");
  else
    json.field("reply_to_message_id", target);
  write_reply_to(json, message);
  write_mentions(json, message);
  json.field("can_send", can_send);
  json.close();
}

void write_conversation(JsonWriter& json, const Conversation& conversation,
                        const std::optional<Message>& last) {
  json.field("id", conversation.id);
  json.field("conversation_type",
             conversation.type == ConversationType::direct ? "private" : "group");
  if (conversation.type != ConversationType::direct) json.field("group_name", conversation.name);
  json.field("created_at", conversation.created_at);
  json.field("updated_at", conversation.updated_at);
  if (!last) return;
  json.field("last_message_at", last->created_at);
  json.field("last_message_id", last->id);
}

void write_member(JsonWriter& json, const ConversationId& where, const Member& member,
                  const Progress& progress, const Profile* profile) {
  json.open();
  // A member has no id of its own here; the user's is as good, and stable.
  json.field("id", member.user.text);
  json.field("conversation_id", where);
  json.field("user_id", member.user.text);
  json.field("role", member.role >= Role::admin ? name_of(member.role) : "member");
  json.field("is_muted", member.own.muted_until != Time{});
  json.field("is_hidden", member.own.hidden_seq.value != 0);
  json.field("joined_at", member.joined_at);
  json.field("unread_count", progress.unread);
  if (progress.last) json.field("last_read_message_id", *progress.last);
  if (member.read_at != Time{}) json.field("last_read_at", member.read_at);
  if (profile != nullptr) {
    json.field("name", profile->name);
    json.field("avatar_url", profile->avatar_url);
    json.field("username", profile->domain);
    json.field("full_position", profile->full_position);
  }
  json.close();
}

std::string frame(std::string_view type, const std::function<void(JsonWriter&)>& fields) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", type);
  json.key("data");
  fields(json);
  json.close();
  return out;
}

std::string send_refusal(const Error& error) {
  switch (error.code) {
    case Code::not_found:
      return "user is not a member of this conversation";
    case Code::blocked:
      return "you are blocked by this user";
    case Code::muted:
      return "first message limit: wait for reply before sending more messages";
    case Code::conflict:
      return "cannot send message to yourself";
    default:
      return error.detail.empty() ? std::string(title_of(error.code)) : error.detail;
  }
}

std::string error_frame(std::string_view text) {
  return frame("error", [&](JsonWriter& json) {
    json.open();
    json.field("message", text);
    json.close();
  });
}

}  // namespace parley::dinq
