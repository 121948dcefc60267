// Conversations, who is in them, and who may write there.
#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/unicode.h"
#include "dialects/echo/call.h"
#include "dialects/echo/wire.h"

namespace parley::echo {
namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t title_max = 255;
constexpr std::size_t description_max = 1'000;
constexpr std::int64_t retention_days_max = 3'650;

bool announces(std::string_view kind) { return kind == "channel" || kind == "broadcast"; }

// What this wire calls somebody beyond their role: a moderator; an admin who may not send now.
constexpr std::string_view titles_space = "echo.titles";
using Titles = std::map<UserId, std::string>;

Task<Result<Titles>> titles_in(Call& call, ConversationId where) {
  store::RecordRange range;
  range.limit = all_of_them;
  CO_TRY(records, co_await call.door.engine.records(std::string(titles_space), where.text(),
                                                    std::move(range)));
  Titles titles;
  for (const store::Record& one : records) {
    auto body = parse_json_object(one.body);
    auto role = body ? body->text("role") : std::optional<std::string_view>{};
    if (role && *role) titles[UserId{one.key}] = **role;
  }
  co_return titles;
}

// Empty: none.
Task<Result<void>> set_title(Call& call, ConversationId where, UserId whom, std::string title) {
  std::optional<std::string> body;
  if (!title.empty()) body = R"({"role":")" + title + R"("})";
  std::vector<store::RecordSet> sets{
      {std::string(titles_space), where.text(), std::move(whom.text), std::move(body), {}}};
  co_return co_await call.door.engine.put_records(call.caller(), std::move(sets));
}

// Who a participant is, beyond who they are in the engine: a reader may not write.
struct Participant {
  Member member;
  std::string title;
  std::optional<MessageId> last_read{};

  [[nodiscard]] std::string role() const {
    return title.empty() ? std::string(role_name(member.role)) : title;
  }
  [[nodiscard]] bool can_send() const { return member.role != Role::reader; }

  void write(JsonWriter& json, const Conversation& conversation) const {
    json.open();
    json.field("user_id", member.user.text);
    json.field("role", role());
    json.field("can_send_messages", can_send());
    json.field("joined_at", member.joined_at);
    if (last_read) json.field("last_read_message_id", *last_read);
    json.field("unread_count", unread_count(conversation, member));
    json.close();
  }
};

Task<Result<std::vector<Participant>>> participants_of(Call& call, ConversationId where,
                                                       std::vector<Member> members) {
  CO_TRY(titles, co_await titles_in(call, where));
  CO_TRY(last_read, co_await call.door.engine.last_read(call.caller(), where, members));
  std::vector<Participant> all;
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto title = titles.find(members[i].user);
    all.push_back({.member = std::move(members[i]),
                   .title = title == titles.end() ? std::string{} : title->second,
                   .last_read = last_read[i]});
  }
  co_return all;
}

void write_participants(JsonWriter& json, const Conversation& conversation,
                        const std::vector<Participant>& all) {
  json.key("participants");
  json.open_list();
  for (const Participant& one : all) one.write(json, conversation);
  json.close_list();
}

Task<Result<engine::ConversationView>> conversation_of(Call& call) {
  CO_TRY(where, id_in_path<ConversationId>(call.params.front()));
  auto view = co_await call.door.engine.conversation(call.caller(), where);
  if (!view) co_return as_stranger(std::move(view).error());
  co_return std::move(*view);
}

void write_listed(JsonWriter& json, const engine::ConversationView& view) {
  const Conversation& at = view.conversation;
  const Extras extras = extras_of(at);
  json.field("id", at.id);
  json.field("conversation_type", kind_of(at));
  if (!at.name.empty()) json.field("title", at.name);
  if (!extras.description.empty()) json.field("description", extras.description);
  if (!at.avatar_url.empty()) json.field("avatar_url", at.avatar_url);
  json.field("is_encrypted", extras.encrypted);
  json.field("is_public", extras.open);
  json.field("member_count", at.members_count);
  json.field("unread_count", unread_count(at, view.mine));
  json.field("mention_count", view.mention_count);
  if (view.last_message) json.field("last_message_at", unix_seconds(view.last_message->created_at));
  json.field("created_at", unix_seconds(at.created_at));
}

struct New {
  engine::CreateConversation command;
  Extras extras;
};

Result<std::vector<UserId>> users_in(const JsonObject& body, std::string_view name) {
  auto named = body.texts(name);
  if (!named) return fail(Code::bad_request, std::string(name) + " must be a list of ids");
  if (!*named || (*named)->empty())
    return bad_field("ParticipantIDs", required, std::string(name) + " is required");
  std::vector<UserId> users;
  std::unordered_set<UserId> seen;
  for (std::string_view one : **named) {
    TRY(user, user_id(one, "ParticipantIDs"));
    if (seen.insert(user).second) users.push_back(std::move(user));
  }
  if (users.size() > participants_max)
    return bad_field("ParticipantIDs", too_long,
                     "at most " + std::to_string(participants_max) + " participants");
  return users;
}

Result<New> new_conversation(const JsonObject& body, const UserId& creator) {
  New made;
  TRY(kind, text_in(body, "conversation_type", "ConversationType"));
  if (kind.empty()) return bad_field("ConversationType", required, "conversation_type is required");
  auto type = kind == "broadcast" ? std::optional{ConversationType::channel}
                                  : parse_conversation_type(kind);
  if (!type)
    return bad_field("ConversationType", invalid,
                     "conversation_type must be direct, group, channel or broadcast", kind);
  made.command.type = *type;
  if (kind == "broadcast") made.extras.kind = kind;
  if (announces(kind)) {
    made.command.who_can_post = Who::all;
    made.command.others = Role::reader;
  }
  TRY(users, users_in(body, "participant_ids"));
  std::erase(users, creator);
  if (*type == ConversationType::direct && users.size() != 1)
    return bad_field("ParticipantIDs", invalid, "a direct conversation has one other participant");
  made.command.members = std::move(users);
  TRY(title, text_in(body, "title", "Title"));
  if (code_points(title) > title_max)
    return bad_field("Title", too_long, "title has more than 255 characters", title);
  made.command.name = std::move(title);
  TRY(description, text_in(body, "description", "Description"));
  if (code_points(description) > description_max)
    return bad_field("Description", too_long, "description has more than 1000 characters",
                     description);
  made.extras.description = std::move(description);
  auto encrypted = body.flag("is_encrypted"), open = body.flag("is_public");
  if (!encrypted || !open)
    return fail(Code::bad_request, "is_encrypted and is_public must be true or false");
  made.extras.encrypted = encrypted->value_or(true);
  made.extras.open = open->value_or(false);
  made.command.metadata = metadata_of(made.extras);
  return made;
}

Task<Answer> create(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(wanted, new_conversation(body, call.user));
  CO_TRY(made, co_await call.door.engine.create(call.caller(), std::move(wanted.command)));
  const Conversation& at = made.view.conversation;
  CO_TRY(members, co_await call.door.engine.members(call.caller(), at.id, {}, all_of_them));
  std::ranges::partition(members, [](const Member& member) { return member.role == Role::owner; });
  const UserId creator = members.empty() ? call.user : members.front().user;
  const Extras extras = extras_of(at);
  co_return good(made.created ? 201 : 200, "Conversation created successfully",
                 [&](JsonWriter& json) {
                   json.open();
                   json.field("id", at.id);
                   json.field("conversation_type", kind_of(at));
                   if (!at.name.empty()) json.field("title", at.name);
                   if (!extras.description.empty()) json.field("description", extras.description);
                   json.field("creator_user_id", creator.text);
                   json.field("is_encrypted", extras.encrypted);
                   json.field("is_public", extras.open);
                   json.field("member_count", at.members_count);
                   json.key("participant_ids");
                   json.open_list();
                   for (const Member& member : members) json.value(member.user.text);
                   json.close_list();
                   json.field("created_at", unix_seconds(at.created_at));
                   json.close();
                 });
}

Task<Answer> list(Call& call) {
  CO_TRY(limit, limit_of(call, 20));
  CO_TRY(offset, number_of(call, "offset", "Offset", 0, 0, 1'000'000));
  engine::ListQuery query;
  query.order = engine::ListQuery::Order::message_or_birth;
  query.offset = offset;
  query.limit = limit;
  CO_TRY(page, co_await call.door.engine.conversations(call.caller(), std::move(query)));
  co_return good(200, "Conversations retrieved successfully", [&](JsonWriter& json) {
    json.open();
    json.key("conversations");
    json.open_list();
    for (const engine::ConversationView& view : page.items) {
      json.open();
      write_listed(json, view);
      json.close();
    }
    json.close_list();
    json.field("total", page.total);
    json.field("limit", limit);
    json.field("offset", offset);
    json.field("has_more", offset + page.items.size() < page.total);
    json.close();
  });
}

Task<Answer> get(Call& call) {
  CO_TRY(view, co_await conversation_of(call));
  const ConversationId where = view.conversation.id;
  CO_TRY(members, co_await call.door.engine.members(call.caller(), where, {}, all_of_them));
  CO_TRY(all, co_await participants_of(call, where, std::move(members)));
  co_return good(200, "Conversation retrieved successfully", [&](JsonWriter& json) {
    json.open();
    write_listed(json, view);
    write_participants(json, view.conversation, all);
    json.close();
  });
}

// The roster of a direct conversation can't change: that is a conflict here, whoever asks.
Task<Result<engine::ConversationView>> roster(Call& call) {
  CO_TRY(view, co_await conversation_of(call));
  if (view.conversation.type == ConversationType::direct)
    co_return Error{Code::conflict, "the participants of a direct conversation can't change", {}};
  co_return std::move(view);
}

Task<Answer> add(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(users, users_in(body, "user_ids"));
  auto can_send = body.flag("can_send_messages");
  if (!can_send) co_return Error{Code::bad_request, "can_send_messages must be true or false", {}};
  CO_TRY(view, co_await roster(call));
  engine::AddMembers command;
  command.where = view.conversation.id;
  command.users = std::move(users);
  const bool writes = can_send->value_or(!announces(kind_of(view.conversation)));
  command.role = writes ? Role::member : Role::reader;
  CO_TRY(members, co_await call.door.engine.add_members(call.caller(), std::move(command)));
  CO_TRY(all, co_await participants_of(call, view.conversation.id, std::move(members)));
  co_return good(200, "Participants added successfully", [&](JsonWriter& json) {
    json.open();
    write_participants(json, view.conversation, all);
    json.close();
  });
}

// What a participant is to be; what is not said stays.
struct Wanted {
  std::optional<std::string> role;
  std::optional<bool> can_send;

  // An admin's power is a role that writes: who is made one writes, unless it is said that they don't.
  [[nodiscard]] Role role_in_engine(const Participant& now) const {
    if (!can_send.value_or(now.can_send() || role == "admin")) return Role::reader;
    const std::string shown = role.value_or(now.role());
    return shown == "owner" ? Role::owner : shown == "admin" ? Role::admin : Role::member;
  }
  [[nodiscard]] std::string title(const Participant& now) const {
    const std::string shown = role.value_or(now.role());
    const bool kept = shown == "admin" && role_in_engine(now) == Role::reader;
    return shown == "moderator" || kept ? shown : std::string{};
  }
};

Result<Wanted> wanted_of(const JsonObject& body) {
  Wanted wanted;
  TRY(role, text_in(body, "role", "Role"));
  auto can_send = body.flag("can_send_messages");
  if (!can_send) return fail(Code::bad_request, "can_send_messages must be true or false");
  wanted.can_send = *can_send;
  if (!role.empty() && role != "admin" && role != "moderator" && role != "member")
    return bad_field("Role", invalid, "role must be admin, moderator or member", role);
  if (role.empty() && !wanted.can_send)
    return bad_field("Role", required, "say what changes: role or can_send_messages");
  if (!role.empty()) wanted.role = std::move(role);
  return wanted;
}

Task<Answer> permit(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(wanted, wanted_of(body));
  CO_TRY(whom, user_in_path(call.params.back()));
  CO_TRY(view, co_await roster(call));
  const ConversationId where = view.conversation.id;
  CO_TRY(members, co_await call.door.engine.members(call.caller(), where, {}, all_of_them));
  std::erase_if(members, [&](const Member& one) { return one.user != whom; });
  CO_TRY(found, co_await participants_of(call, where, std::move(members)));
  if (found.empty()) co_return Error{Code::not_found, "this user is no participant", {}};
  Participant participant = std::move(found.front());
  std::string title = wanted.title(participant);
  CO_TRY(member, co_await call.door.engine.set_role(call.caller(), where, whom,
                                                    wanted.role_in_engine(participant)));
  if (title != participant.title) CO_TRY_DO(co_await set_title(call, where, whom, title));
  participant.member = std::move(member);
  participant.title = std::move(title);
  co_return good(200, "Participant updated successfully",
                 [&](JsonWriter& json) { participant.write(json, view.conversation); });
}

Task<Answer> remove(Call& call) {
  CO_TRY(whom, user_in_path(call.params.back()));
  CO_TRY(view, co_await roster(call));
  CO_TRY_DO(co_await call.door.engine.remove_member(call.caller(), view.conversation.id, whom));
  CO_TRY_DO(co_await set_title(call, view.conversation.id, std::move(whom), {}));
  co_return Reply{200, "Participant removed successfully", {}, {}};
}

Result<std::uint32_t> days_in(const JsonObject& body) {
  auto days = body.number("days");
  if (!days) return fail(Code::bad_request, "days must be a whole number");
  if (!*days) return bad_field("Days", required, "days is required");
  if (**days < 0 || **days > retention_days_max)
    return bad_field("Days", invalid, "days must be 0 to " + std::to_string(retention_days_max),
                     std::to_string(**days));
  return static_cast<std::uint32_t>(**days);
}

Task<Answer> retain(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(days, days_in(body));
  CO_TRY(view, co_await conversation_of(call));
  engine::UpdateConversation command;
  command.where = view.conversation.id;
  command.settings.retention_days = days;
  CO_TRY_DO(co_await call.door.engine.update(call.caller(), std::move(command)));
  co_return good(200, "Retention updated successfully", [&](JsonWriter& json) {
    json.open();
    json.field("conversation_id", view.conversation.id);
    json.field("days", days);
    json.close();
  });
}

}  // namespace

void add_conversation_routes(Routes& routes) {
  for (const char* root :
       {"/api/v1/conversations", "/api/v1/messages/conversations", "/conversations"}) {
    const std::string path(root);
    routes.add("POST", path, {create});
    routes.add("GET", path, {list});
    routes.add("GET", path + "/{id}", {get});
    routes.add("PUT", path + "/{id}/retention", {retain});
    routes.add("POST", path + "/{id}/participants", {add});
    routes.add("PATCH", path + "/{id}/participants/{user}", {permit});
    routes.add("DELETE", path + "/{id}/participants/{user}", {remove});
  }
}

}  // namespace parley::echo
