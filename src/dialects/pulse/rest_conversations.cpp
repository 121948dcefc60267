// Conversations and who is in them.
#include <algorithm>

#include "base/log.h"
#include "base/unicode.h"
#include "dialects/pulse/call.h"

namespace parley::pulse {
namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t name_max = 100;
constexpr std::size_t participants_max = 1'000;

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
  if (others.size() >= participants_max)
    return fail(Code::bad_request,
                "a conversation has at most " + std::to_string(participants_max) + " participants");
  return others;
}

Result<std::string> name_in(const JsonObject& body) {
  TRY(name, body.text("name"));
  if (code_points(name.value_or("")) > name_max)
    return fail(Code::bad_request,
                "name has more than " + std::to_string(name_max) + " characters");
  return std::string(name.value_or(""));
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
  CO_TRY(name, name_in(body));
  if (name.empty()) co_return Error{Code::bad_request, "name is required", {}};
  command.name = std::move(name);
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
    CO_TRY(name, name_in(body));
    command.name = std::move(name);
  } else {
    command.type = ConversationType::direct;
    if (command.members.size() != 1)
      co_return Error{Code::bad_request, "a DIRECT conversation is of exactly two people", {}};
  }
  co_return co_await make(call, std::move(command));
}

// Those with messages first, by the last one; the others by when they were made.
auto place_in_list(const engine::ConversationView& view) {
  const bool spoken = view.last_message.has_value();
  return std::tuple(spoken, spoken ? view.last_message->created_at : view.conversation.created_at,
                    view.conversation.id);
}

Task<Answer> list(Call& call) {
  const Page page = page_of(call.request);
  engine::ListQuery query;
  query.limit = all_of_them;
  CO_TRY(all, co_await call.door.engine.conversations(call.caller(), query));
  std::erase_if(all.items, put_away);
  std::ranges::sort(all.items, std::greater{}, place_in_list);
  std::vector<Shown> listed;
  for (std::size_t i = page.offset; i < all.items.size() && listed.size() < page.limit; ++i) {
    CO_TRY(one, co_await shown(call.door, call.caller(), std::move(all.items[i])));
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
  CO_TRY(view, co_await seen(call.door, call.caller(), where));
  CO_TRY(all, co_await shown(call.door, call.caller(), std::move(view)));
  co_return data(200, [&](JsonWriter& json) { write_conversation(json, all); });
}

// For the caller alone. A direct one is put away, with everything in it, until somebody writes again; who deletes a group
// leaves it.
Task<Answer> remove(Call& call) {
  CO_TRY(where, id_of<ConversationId>(call.params.front()));
  CO_TRY(view, co_await seen(call.door, call.caller(), where));
  if (view.conversation.type == ConversationType::direct) {
    if (view.last_message)
      CO_TRY_DO(co_await call.door.engine.mark_read(call.caller(), where, view.last_message->id,
                                                    engine::Engine::Receipt::silent,
                                                    engine::Engine::Extent::up_to_it));
    OwnPatch patch;
    patch.hidden = true;
    CO_TRY_DO(co_await call.door.engine.set_own(call.caller(), where, patch));
  } else {
    CO_TRY_DO(co_await call.door.engine.remove_member(call.caller(), where, call.user));
  }
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
