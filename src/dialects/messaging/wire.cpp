#include "dialects/messaging/wire.h"

#include <algorithm>
#include <array>

#include "base/json.h"

namespace parley::messaging {
namespace {

constexpr std::size_t all_of_them = 100'000;

constexpr std::array<std::pair<std::string_view, MessageType>, 6> types{
    {{"text", MessageType::text},
     {"file", MessageType::file},
     {"image", MessageType::image},
     {"video", MessageType::video},
     {"audio", MessageType::audio},
     {"system", MessageType::system}}};

void optional_text(JsonWriter& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json.field(name, text);
}

void write_profile(JsonWriter& json, const Shared& here, const UserId& user, bool with_email) {
  const Profile profile = here.profiles->known(user);
  json.field("id", user.text);
  json.field("username", profile.username);
  if (with_email) optional_text(json, "email", profile.email);
  optional_text(json, "display_name", profile.display_name);
  optional_text(json, "avatar_url", profile.avatar_url);
  const std::string status = here.presence->status(user);
  json.field("status", status);
  // Of who is there it would be another at each look.
  const bool away = status == "offline" && profile.last_seen != Time{};
  if (away) json.field("last_seen", profile.last_seen);
  json.field("created_at", profile.created_at);
  json.field("updated_at", profile.updated_at);
}

void write_receipts(JsonWriter& json, const Message& message) {
  if (message.seen_by.empty()) return;
  json.key("read_by");
  json.open_list();
  for (const SeenBy& one : message.seen_by) {
    json.open();
    json.field("id", derived_id(message.id, one.user.text, "read"));
    json.field("message_id", message.id);
    json.field("user_id", one.user.text);
    json.field("read_at", one.at);
    json.close();
  }
  json.close_list();
}

// What a message of this door shows was uploaded by its sender; a copy of one says so of its own.
void write_attachments(JsonWriter& json, const Message& message) {
  auto list = parse_json_object(R"({"all":)" + message.attachments + '}');
  auto all = list ? list->objects("all") : std::nullopt;
  if (!all || !*all) return;
  json.key("attachments");
  json.open_list();
  for (const JsonObject& one : **all) {
    auto text = [&](std::string_view name) {
      auto value = one.text(name);
      return std::string(value ? value->value_or("") : "");
    };
    const std::string id = text("file_id");
    if (id.empty()) continue;  // somewhere else, by a url
    engine::File file{.id = id,
                      .uploader = message.sender,
                      .name = text("name"),
                      .mime = text("mime"),
                      .sha256 = {},
                      .bytes = 0,
                      .at = message.created_at};
    file.bytes = static_cast<std::uint64_t>(one.number("size").value_or(0).value_or(0));
    write_file(json, file, &message.id);
  }
  json.close_list();
}

}  // namespace

std::string derived_id(const MessageId& message, std::string_view one, std::string_view other) {
  IdBytes bytes = message.bytes;
  std::uint64_t mark = 0xcbf29ce484222325ULL;
  auto mix = [&](std::string_view text) {
    for (const char c : text) mark = (mark ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    mark = (mark ^ text.size()) * 0x100000001b3ULL;
  };
  mix(message.raw());
  mix(one);
  mix(other);
  for (std::size_t i = 4; i < bytes.size(); ++i, mark >>= 8)
    bytes[i] = static_cast<std::uint8_t>(mark & 0xFF);
  return uuid8(bytes);
}

std::optional<MessageType> read_type(std::string_view name) {
  auto at = std::ranges::find(types, name, [](const auto& one) { return one.first; });
  return at != types.end() ? std::optional{at->second} : std::nullopt;
}

std::string_view type_name(MessageType type) {
  if (type == MessageType::document) return "file";
  auto at = std::ranges::find(types, type, [](const auto& one) { return one.second; });
  return at != types.end() ? at->first : "text";
}

Extras extras_of(const Conversation& conversation) {
  Extras extras;
  auto metadata = parse_json_object(conversation.metadata.empty() ? "{}" : conversation.metadata);
  if (!metadata) return extras;
  auto own = metadata->object("messaging");
  if (!own || !*own) return extras;
  auto description = (*own)->text("description"), creator = (*own)->text("created_by");
  extras.description = std::string(description ? description->value_or("") : "");
  extras.created_by = UserId{std::string(creator ? creator->value_or("") : "")};
  return extras;
}

std::string metadata_with(const Extras& extras) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("messaging");
  json.open();
  if (!extras.description.empty()) json.field("description", extras.description);
  json.field("created_by", extras.created_by.text);
  json.close();
  json.close();
  return out;
}

Task<Result<std::vector<Member>>> members_of(Door& door, engine::Caller caller,
                                             ConversationId where) {
  CO_TRY(members, co_await door.engine.members(std::move(caller), where, {}, all_of_them));
  std::vector<UserId> people;
  for (const Member& member : members) people.push_back(member.user);
  CO_TRY_DO(co_await door.shared.profiles->load(door.engine, std::move(people)));
  co_return members;
}

Task<Result<Shown>> shown(Door& door, engine::Caller caller, engine::ConversationView view) {
  CO_TRY(members, co_await members_of(door, std::move(caller), view.conversation.id));
  co_return Shown{std::move(view), std::move(members)};
}

void write_user(JsonWriter& json, const Shared& here, const UserId& user, const UserId& viewer) {
  json.open();
  write_profile(json, here, user, user == viewer);
  json.close();
}

void write_file(JsonWriter& json, const engine::File& file, const MessageId* message) {
  json.open();
  json.field("id", file.id);
  if (message != nullptr) json.field("message_id", *message);
  json.field("uploader_id", file.uploader.text);
  json.field("filename", file.id);
  json.field("original_filename", file.name);
  json.field("mime_type", file.mime);
  json.field("size_bytes", file.bytes);
  json.field("created_at", file.at);
  json.field("url", "/api/v1/files/" + file.id);
  json.close();
}

void write_conversation(JsonWriter& json, const Shared& here, const Shown& shown) {
  const Conversation& at = shown.view.conversation;
  const Extras extras = extras_of(at);
  auto owner = std::ranges::find(shown.members, Role::owner, &Member::role);
  const UserId creator = !extras.created_by.empty()     ? extras.created_by
                         : owner != shown.members.end() ? owner->user
                                                        : at.direct_low;
  json.open();
  json.field("id", at.id);
  json.field("type", at.type == ConversationType::direct ? "direct" : "group");
  optional_text(json, "name", at.name);
  optional_text(json, "description", extras.description);
  optional_text(json, "avatar_url", at.avatar_url);
  json.field("created_by", creator.text);
  json.field("created_at", at.created_at);
  json.field("updated_at", at.updated_at);
  if (shown.view.last_message) json.field("last_message_at", shown.view.last_message->created_at);
  json.key("members");
  json.open_list();
  for (const Member& member : shown.members) {
    json.open();
    write_profile(json, here, member.user, true);
    json.field("role", member.role >= Role::admin ? name_of(member.role) : "member");
    json.close();
  }
  json.close_list();
  json.field("unread_count", unread_count(at, shown.view.mine));
  if (shown.view.last_message && !shown.view.last_message->gone()) {
    json.key("last_message");
    write_message(json, here, *shown.view.last_message, shown.view.mine.user);
  }
  json.field("member_count", at.members_count);
  json.close();
}

void write_reaction(JsonWriter& json, const MessageId& message, const Reaction& reaction,
                    const ConversationId* where) {
  json.open();
  json.field("id", derived_id(message, reaction.user.text, reaction.emoji));
  json.field("message_id", message);
  json.field("user_id", reaction.user.text);
  json.field("emoji", reaction.emoji);
  json.field("created_at", reaction.at);
  if (where != nullptr) json.field("conversation_id", *where);
  json.close();
}

void write_message(JsonWriter& json, const Shared& here, const Message& message,
                   const UserId& viewer) {
  const Time deleted_at = std::max(message.deleted_at, message.recalled_at);
  json.open();
  json.field("id", message.id);
  json.field("conversation_id", message.conversation);
  json.field("sender_id", message.sender.text);
  json.field("content", message.text);
  json.field("type", type_name(message.type));
  if (!message.metadata.empty()) json.raw_field("metadata", message.metadata);
  const MessageId& target = message.parent.empty() ? message.quote : message.parent;
  if (!target.empty()) json.field("reply_to_id", target);
  json.field("is_edited", message.edited_at != Time{});
  json.field("is_deleted", message.gone());
  json.field("created_at", message.created_at);
  json.field("updated_at", std::max({message.created_at, message.edited_at, deleted_at}));
  if (message.gone()) json.field("deleted_at", deleted_at);
  json.key("sender");
  write_user(json, here, message.sender, viewer);
  if (!message.reactions.empty()) {
    json.key("reactions");
    json.open_list();
    for (const Reaction& one : message.reactions) write_reaction(json, message.id, one, nullptr);
    json.close_list();
  }
  if (!message.attachments.empty()) write_attachments(json, message);
  write_receipts(json, message);
  if (message.quoted && !message.quoted->gone()) {
    json.key("reply_to");
    Message quoted = *message.quoted;
    quoted.quoted = nullptr;  // one step back is enough
    write_message(json, here, quoted, viewer);
  }
  json.close();
}

std::string_view type_name(EventKind kind) {
  switch (kind) {
    case EventKind::message_created:
      return "message.new";
    case EventKind::message_updated:
      return "message.edited";
    case EventKind::message_deleted:
    case EventKind::message_recalled:
      return "message.deleted";
    case EventKind::reaction_added:
    case EventKind::reaction_removed:
    case EventKind::conversation_created:
    case EventKind::conversation_updated:
    case EventKind::conversation_deleted:
    case EventKind::member_added:
    case EventKind::member_removed:
      return name_of(kind);
    default:
      return {};
  }
}

bool tells_alike(EventKind kind) {
  return kind != EventKind::conversation_created && kind != EventKind::conversation_updated;
}

void write_event(JsonWriter& json, const Shared& here, const Event& event) {
  const auto place = [&](std::string_view name, std::string_view id) {
    json.open();
    if (!name.empty()) json.field(name, id);
    json.field("conversation_id", event.conversation);
    json.close();
  };
  switch (event.kind) {
    case EventKind::message_created:
    case EventKind::message_updated:
      return write_message(json, here, *event.message, UserId{});  // so with nobody's own email
    case EventKind::message_deleted:
    case EventKind::message_recalled:
      return place("message_id", event.target.text());
    case EventKind::reaction_added:
      return write_reaction(json, event.target, {event.details, event.subject, event.at},
                            &event.conversation);
    case EventKind::reaction_removed:
      json.open();
      json.field("message_id", event.target);
      json.field("user_id", event.subject.text);
      json.field("emoji", event.details);
      json.field("conversation_id", event.conversation);
      json.close();
      return;
    case EventKind::member_added:
    case EventKind::member_removed:
      return place("user_id", event.subject.text);
    default:
      return place("", "");
  }
}

void write_read(JsonWriter& json, const MessageId& message, const ConversationId& where,
                const UserId& reader) {
  json.open();
  json.field("message_id", message);
  json.field("user_id", reader.text);
  json.field("conversation_id", where);
  json.close();
}

void write_typing(JsonWriter& json, const Signal& signal) {
  json.open();
  json.field("conversation_id", signal.conversation);
  json.field("user_id", signal.user.text);
  json.field("is_typing", signal.on);
  json.close();
}

void write_presence(JsonWriter& json, const Signal& signal) {
  json.open();
  json.field("user_id", signal.user.text);
  json.field("status", !signal.details.empty() ? signal.details : signal.on ? "online" : "offline");
  json.close();
}

std::string frame(std::string_view type, const std::function<void(JsonWriter&)>& fields) {
  std::string out;
  JsonWriter json(out);
  json.time_digits(time_digits);
  json.open();
  json.field("type", type);
  json.key("data");
  fields(json);
  json.close();
  return out;
}

std::string flat_frame(std::string_view type, std::string_view fields) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", type);
  json.close();
  out.back() = ',';
  out.append(fields.substr(1, fields.size() - 2));
  out += R"(,"data":)";
  out += fields;
  out += '}';
  return out;
}

}  // namespace parley::messaging
