#include "dialects/pulse/wire.h"

#include <algorithm>

namespace parley::pulse {
namespace {

constexpr std::size_t all_of_them = 100'000;

// Who made it first, as far as that can be seen; the others as they came.
std::vector<const Member*> in_order(const std::vector<Member>& members) {
  std::vector<const Member*> order;
  for (const Member& one : members) order.push_back(&one);
  std::ranges::sort(order, [](const Member* one, const Member* other) {
    return std::tuple(other->role, one->joined_seq, std::string_view(one->user.text)) <
           std::tuple(one->role, other->joined_seq, std::string_view(other->user.text));
  });
  return order;
}

void write_profiles(JsonWriter& json, const Shown& shown,
                    const std::vector<const Member*>& members) {
  json.open_list();
  for (const Member* one : members) {
    auto known = shown.profiles.find(one->user);
    if (known == shown.profiles.end()) continue;
    json.open();
    json.field("id", one->user.text);
    json.field("username", known->second.username);
    json.field("display_name", known->second.display_name);
    json.field("avatar_url", known->second.avatar_url);
    json.field("verified", known->second.verified);
    json.close();
  }
  json.close_list();
}

}  // namespace

std::optional<IdBytes> read_id(std::string_view text) {
  const bool plain = text.size() == 24 && std::ranges::all_of(text, [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                     });
  return plain ? parse_id(text) : std::nullopt;
}

Task<Result<Shown>> shown(Door& door, engine::Caller caller, engine::ConversationView view) {
  const ConversationId where = view.conversation.id;
  CO_TRY(members, co_await door.engine.members(std::move(caller), where, {}, all_of_them));
  std::vector<UserId> users;
  for (const Member& one : members) users.push_back(one.user);
  CO_TRY(profiles, co_await door.shared.cache->of(door.engine, std::move(users)));
  co_return Shown{std::move(view), std::move(members), std::move(profiles)};
}

void write_conversation(JsonWriter& json, const Shown& shown) {
  const Conversation& at = shown.view.conversation;
  json.open();
  id_field(json, "id", at.id);
  json.field("type", at.type == ConversationType::direct ? "DIRECT" : "GROUP");
  const auto members = in_order(shown.members);
  json.key("participants");
  json.open_list();
  for (const Member* one : members) json.value(one->user.text);
  json.close_list();
  if (!at.name.empty()) json.field("name", at.name);
  if (const auto& last = shown.view.last_message) {
    json.key("last_message");
    json.open();
    json.field("content", last->text);
    json.field("sender_id", last->sender.text);
    json.field("timestamp", last->created_at);
    json.close();
  }
  json.field("created_at", at.created_at);
  json.field("updated_at", at.updated_at);
  json.field("unread_count", unread_count(at, shown.view.mine));
  if (!shown.profiles.empty()) {
    json.key("participant_details");
    write_profiles(json, shown, members);
  }
  json.close();
}

void write_message(JsonWriter& json, const Message& message) {
  json.open();
  id_field(json, "id", message.id);
  id_field(json, "conversation_id", message.conversation);
  json.field("sender_id", message.sender.text);
  json.field("content", message.text);
  json.field("message_type", message.type == MessageType::system ? "SYSTEM" : "TEXT");
  json.key("mentions");
  json.open_list();
  for (const Mention& one : message.mentions)
    if (!one.user.empty()) json.value(one.user.text);
  json.close_list();
  json.field("created_at", message.created_at);
  json.key("delivery_status");
  json.open();
  json.key("read_by");
  json.open_list();
  for (const SeenBy& one : message.seen_by) {
    json.open();
    json.field("user_id", one.user.text);
    json.field("read_at", one.at);
    json.close();
  }
  json.close_list();
  json.close();
  json.close();
}

std::string frame(std::string_view type, const std::function<void(JsonWriter&)>& payload) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("type", type);
  json.key("payload");
  payload(json);
  json.close();
  return out;
}

std::string_view status_here(std::string_view status) {
  if (status == "online" || status == "offline") return status;
  return "away";
}

}  // namespace parley::pulse
