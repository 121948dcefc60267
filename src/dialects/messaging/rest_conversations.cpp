// Conversations and who is in them.
#include <algorithm>

#include "base/unicode.h"
#include "dialects/messaging/call.h"

namespace parley::messaging {
namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t name_max = 255;
constexpr std::size_t description_max = 2'000;
constexpr std::size_t url_max = 2'000;

Result<ConversationId> where_of(const Call& call) {
  return id_of<ConversationId>(call.params.front());
}

Result<std::optional<std::string>> short_text(const JsonObject& body, std::string_view name,
                                              std::size_t most) {
  TRY(text, body.text(name));
  if (!text) return std::nullopt;
  if (code_points(*text) > most)
    return fail(Code::bad_request,
                std::string(name) + " has more than " + std::to_string(most) + " characters");
  return std::string(*text);
}

Task<Answer> show(Call& call, unsigned status, engine::ConversationView view) {
  CO_TRY(all, co_await shown(call.door, call.caller(), std::move(view)));
  co_return answer_with(status,
                        [&](JsonWriter& json) { write_conversation(json, call.door.shared, all); });
}

Result<engine::CreateConversation> new_conversation(const JsonObject& body, const UserId& creator) {
  engine::CreateConversation command;
  TRY(type, body.needed_text("type"));
  if (type != "direct" && type != "group")
    return fail(Code::bad_request, "type must be direct or group");
  command.type = type == "direct" ? ConversationType::direct : ConversationType::group;
  TRY(named, body.texts("member_ids"));
  for (std::string_view one : named.value_or(std::vector<std::string_view>{})) {
    TRY(user, user_of(one));
    if (user != creator) command.members.push_back(std::move(user));
  }
  std::ranges::sort(command.members);
  auto repeats = std::ranges::unique(command.members);
  command.members.erase(repeats.begin(), repeats.end());
  if (command.members.empty()) return fail(Code::bad_request, "member_ids is required");
  if (command.members.size() >= members_max)
    return fail(Code::bad_request,
                "a group has at most " + std::to_string(members_max) + " members");
  if (type == "direct" && command.members.size() != 1)
    return fail(Code::bad_request, "a direct conversation is of exactly two people");
  TRY(name, short_text(body, "name", name_max));
  command.name = name.value_or("");
  TRY(description, short_text(body, "description", description_max));
  command.metadata = metadata_with({description.value_or(""), creator});
  TRY(avatar, short_text(body, "avatar_url", url_max));
  command.avatar_url = avatar.value_or("");
  if (type == "group") command.who_can_add = Who::all;
  return command;
}

Task<Answer> create(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(command, new_conversation(body, call.user));
  CO_TRY(made, co_await call.door.engine.create(call.caller(), std::move(command)));
  co_return co_await show(call, made.created ? 201 : 200, std::move(made.view));
}

Task<Result<std::vector<engine::ConversationView>>> views_of(Call& call, Page page) {
  engine::ListQuery query;
  query.order = engine::ListQuery::Order::message_or_birth;
  query.offset = page.offset;
  query.limit = page.limit;
  CO_TRY(found, co_await call.door.engine.conversations(call.caller(), std::move(query)));
  co_return std::move(found.items);
}

Answer listed(const Call& call, const std::vector<Shown>& all) {
  return answer_with(200, [&](JsonWriter& json) {
    json.open_list();
    for (const Shown& one : all) write_conversation(json, call.door.shared, one);
    json.close_list();
  });
}

Task<Answer> list(Call& call) {
  CO_TRY(views, co_await views_of(call, page_of(call, 20)));
  std::vector<Shown> all;
  for (engine::ConversationView& view : views) {
    CO_TRY(one, co_await shown(call.door, call.caller(), std::move(view)));
    all.push_back(std::move(one));
  }
  co_return listed(call, all);
}

bool contains(const Door& door, const Shown& one, const std::string& folded) {
  auto has = [&](const std::string& text) {
    return fold_case(text).find(folded) != std::string::npos;
  };
  if (has(one.view.conversation.name) || has(extras_of(one.view.conversation).description))
    return true;
  return std::ranges::any_of(one.members, [&](const Member& member) {
    const Profile profile = door.shared.profiles->known(member.user);
    return has(profile.username) || has(profile.display_name);
  });
}

Task<Answer> search(Call& call) {
  const Page page = page_of(call, 20);
  const std::string wanted = fold_case(call.query("q").value_or(""));
  if (wanted.find_first_not_of(' ') == std::string::npos)
    co_return Error{Code::bad_request, "q is required", {}};
  CO_TRY(views, co_await views_of(call, {.limit = all_of_them, .offset = 0}));
  std::vector<Shown> all;
  std::size_t skipped = 0;
  for (engine::ConversationView& view : views) {
    CO_TRY(one, co_await shown(call.door, call.caller(), std::move(view)));
    if (!contains(call.door, one, wanted) || skipped++ < page.offset) continue;
    all.push_back(std::move(one));
    if (all.size() == page.limit) break;
  }
  co_return listed(call, all);
}

Task<Answer> get(Call& call) {
  CO_TRY(where, where_of(call));
  CO_TRY(view, co_await call.door.engine.conversation(call.caller(), where));
  co_return co_await show(call, 200, std::move(view));
}

Task<Answer> update(Call& call) {
  CO_TRY(where, where_of(call));
  CO_TRY(body, call.body());
  engine::UpdateConversation command;
  command.where = where;
  CO_TRY(name, short_text(body, "name", name_max));
  command.name = std::move(name);
  CO_TRY(avatar, short_text(body, "avatar_url", url_max));
  command.avatar_url = std::move(avatar);
  CO_TRY(description, short_text(body, "description", description_max));
  if (description) {
    // Who does not see it may not change it either: the engine says so.
    auto now = co_await call.door.engine.conversation(call.caller(), where);
    Extras extras = now ? extras_of(now->conversation) : Extras{};
    extras.description = *description;
    command.metadata = metadata_with(extras);
  }
  CO_TRY(view, co_await call.door.engine.update(call.caller(), std::move(command)));
  co_return co_await show(call, 200, std::move(view));
}

Task<Answer> remove(Call& call) {
  CO_TRY(where, where_of(call));
  CO_TRY_DO(co_await call.door.engine.remove(call.caller(), where));
  co_return done();
}

// The roster of a direct conversation can't change: that is a conflict here, for who is in it. Of the others the engine
// says what they hear.
Task<Result<ConversationId>> roster(Call& call) {
  CO_TRY(where, where_of(call));
  auto view = co_await call.door.engine.conversation(call.caller(), where);
  if (view && view->conversation.type == ConversationType::direct)
    co_return Error{Code::conflict, "the members of a direct conversation can't change", {}};
  co_return where;
}

Task<Answer> add(Call& call) {
  CO_TRY(body, call.body());
  auto text = body.needed_text("user_id");
  if (!text) co_return Error{Code::bad_request, "user_id is required", {}};
  CO_TRY(user, user_of(*text));
  CO_TRY(where, co_await roster(call));
  engine::AddMembers command;
  command.where = where;
  command.users = {std::move(user)};
  CO_TRY_DO(co_await call.door.engine.add_members(call.caller(), std::move(command)));
  co_return done();
}

Task<Answer> remove_member(Call& call) {
  CO_TRY(user, user_of(call.params.back()));
  CO_TRY(where, co_await roster(call));
  CO_TRY_DO(co_await call.door.engine.remove_member(call.caller(), where, std::move(user)));
  co_return done();
}

}  // namespace

void add_conversation_routes(Routes& routes) {
  routes.add("POST", "/api/v1/conversations", {create});
  routes.add("GET", "/api/v1/conversations", {list});
  routes.add("GET", "/api/v1/conversations/{id}", {get});
  routes.add("PUT", "/api/v1/conversations/{id}", {update});
  routes.add("DELETE", "/api/v1/conversations/{id}", {remove});
  routes.add("POST", "/api/v1/conversations/{id}/members", {add});
  routes.add("DELETE", "/api/v1/conversations/{id}/members/{user}", {remove_member});
  routes.add("GET", "/api/v1/search/conversations", {search});
}

}  // namespace parley::messaging
