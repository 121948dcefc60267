// Conversations and who is in them.
#include <algorithm>

#include "base/log.h"
#include "dialects/pulse/call.h"

namespace parley::pulse {
namespace {

// Those but the caller, each once, as given.
Result<std::vector<UserId>> others_in(const JsonObject& body, const UserId& caller) {
  TRY(named, body.texts("participants"));
  if (!named || named->empty())
    return fail(Code::bad_request, "participants must name at least one user");
  std::vector<UserId> others;
  for (std::string_view one : *named) {
    UserId user{std::string(one)};
    if (!identity::is_user_id(user.text))
      return fail(Code::bad_request, "a participant's id is 1 to 128 bytes of printable UTF-8");
    if (user != caller && std::ranges::find(others, user) == others.end())
      others.push_back(std::move(user));
  }
  if (others.empty())
    return fail(Code::bad_request, "a conversation has at least two different participants");
  return others;
}

// What the user service says of somebody: bare, or inside `data`. Of use only with a name.
std::optional<ProfileNews> news_in(const std::string& answer, const UserId& user) {
  auto told = parse_json_object(answer);
  if (!told) return std::nullopt;
  auto inside = told->object("data");
  auto news = profile_news_in(inside && *inside ? **inside : *told, user);
  return news && news->username ? std::optional(std::move(*news)) : std::nullopt;
}

Task<Answer> make(Call& call, engine::CreateConversation command) {
  auto found = co_await call.door.shared.users->look_up(command.members);
  if (!found.unknown.empty())
    co_return Error{Code::bad_request, "there is no user " + found.unknown.front().text, {}};
  for (auto& [user, answer] : found.answers)
    if (auto news = news_in(answer, user)) {
      // What is not learned now is learned another time.
      auto learned = co_await call.door.shared.cache->learn(call.door.engine, std::move(*news));
      if (!learned)
        log::warn("what the user service says could not be kept",
                  {{"why", name_of(learned.error().code)}});
    }
  CO_TRY(made, co_await call.door.engine.create(call.caller(), std::move(command)));
  CO_TRY(all, co_await shown(call.door, call.caller(), std::move(made.view)));
  co_return data(201, [&](JsonWriter& json) { write_conversation(json, all); });
}

Task<Answer> create_group(Call& call) {
  CO_TRY(body, call.body());
  engine::CreateConversation command;
  CO_TRY(name, body.text("name"));
  if (!name || name->empty()) co_return Error{Code::bad_request, "name is required", {}};
  command.name = *name;
  CO_TRY(others, others_in(body, call.user));
  command.members = std::move(others);
  co_return co_await make(call, std::move(command));
}

Task<Answer> create(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(type, body.text("type"));
  if (type != "DIRECT" && type != "GROUP")
    co_return Error{Code::bad_request, "type must be DIRECT or GROUP", {}};
  engine::CreateConversation command;
  CO_TRY(others, others_in(body, call.user));
  command.members = std::move(others);
  if (type == "GROUP") {
    CO_TRY(name, body.text("name"));
    command.name = name.value_or("");
  } else {
    command.type = ConversationType::direct;
    if (command.members.size() != 1)
      co_return Error{Code::bad_request, "a DIRECT conversation is of exactly two people", {}};
  }
  co_return co_await make(call, std::move(command));
}

Task<Answer> list(Call& call) {
  const Page page = page_of(call.request);
  engine::ListQuery query;
  query.order = engine::ListQuery::Order::message;
  query.offset = page.offset;
  query.limit = page.limit;
  CO_TRY(found, co_await call.door.engine.conversations(call.caller(), std::move(query)));
  std::vector<Shown> listed;
  for (engine::ConversationView& view : found.items) {
    CO_TRY(one, co_await shown(call.door, call.caller(), std::move(view)));
    listed.push_back(std::move(one));
  }
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open();
    json.key("data");
    json.open_list();
    for (const Shown& one : listed) write_conversation(json, one);
    json.close_list();
    json.field("count", listed.size());
    json.close();
  });
}

Task<Answer> get(Call& call) {
  CO_TRY(where, id_of<ConversationId>(call.params.front()));
  CO_TRY(view, co_await call.door.engine.conversation(call.caller(), where));
  CO_TRY(all, co_await shown(call.door, call.caller(), std::move(view)));
  co_return data(200, [&](JsonWriter& json) { write_conversation(json, all); });
}

// For the caller alone.
Task<Answer> remove(Call& call) {
  CO_TRY(where, id_of<ConversationId>(call.params.front()));
  CO_TRY_DO(co_await call.door.engine.put_away(call.caller(), where));
  co_return done("Conversation deleted");
}

}  // namespace

void add_conversation_routes(Routes& routes) {
  add_route(routes, "POST", "/api/messages/group", create_group);
  add_route(routes, "POST", "/api/messages/conversations", create);
  add_route(routes, "GET", "/api/messages/conversations", list);
  add_route(routes, "GET", "/api/messages/conversations/{id}", get);
  add_route(routes, "DELETE", "/api/messages/conversations/{id}", remove);
}

}  // namespace parley::pulse
