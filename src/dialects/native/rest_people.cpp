// What somebody settles about other people.
#include <algorithm>

#include "dialects/native/call.h"
#include "dialects/native/parse.h"
#include "dialects/native/presence.h"

namespace parley::native {
namespace {

Task<Answer> block(Call& call) {
  CO_TRY_DO(co_await call.door.engine.block(call.caller, {call.params.front()}, true));
  co_return nothing_to_say();
}

Task<Answer> unblock(Call& call) {
  CO_TRY_DO(co_await call.door.engine.block(call.caller, {call.params.front()}, false));
  co_return nothing_to_say();
}

Task<Answer> list_blocks(Call& call) {
  CO_TRY(limit, limit_of(call.request.query));
  CO_TRY(after, user_after(call.request.query));
  CO_TRY(blocks, co_await call.door.engine.blocks(call.caller, std::move(after), limit + 1));
  const bool more = blocks.size() > limit;
  if (more) blocks.pop_back();
  co_return json_answer(200, page_json(blocks, more ? page_token(blocks.back().blocked.text) : ""));
}

constexpr std::size_t asked_max = 200;

Task<Answer> presence(Call& call) {
  std::vector<UserId> one{UserId{call.params.front()}};
  CO_TRY(all, co_await presence_of(call.door, call.caller, std::move(one)));
  co_return json_answer(200, to_json(all.front()));
}

Task<Answer> presences(Call& call) {
  std::vector<UserId> users;
  std::string_view left = call.request.query.get("users").value_or("");
  while (!left.empty()) {
    const auto comma = left.find(',');
    if (comma != 0) users.push_back({std::string(left.substr(0, comma))});
    left = comma == std::string_view::npos ? std::string_view{} : left.substr(comma + 1);
  }
  if (users.empty() || users.size() > asked_max)
    co_return Error{Code::bad_request, "users must name 1 to 200 users, with commas between", {}};
  CO_TRY(all, co_await presence_of(call.door, call.caller, std::move(users)));
  co_return json_answer(200, page_json(all, ""));
}

Task<Answer> online(Call& call) {
  CO_TRY(limit, limit_of(call.request.query));
  CO_TRY(after, user_after(call.request.query));
  std::vector<UserId> users = call.door.shared.presence->all_online();
  std::ranges::sort(users);
  std::erase_if(users, [&](const UserId& user) { return user <= after; });
  const bool more = users.size() > limit;
  if (more) users.resize(limit);
  const std::string next = more ? page_token(users.back().text) : "";
  CO_TRY(all, co_await presence_of(call.door, call.caller, std::move(users)));
  std::erase_if(all, [](const Presence& one) { return one.status == "offline"; });
  co_return json_answer(200, page_json(all, next));
}

}  // namespace

void add_people_routes(Routes& routes) {
  routes.add("GET", "/v1/users/online", {online});
  routes.add("GET", "/v1/users/{id}/presence", {presence});
  routes.add("GET", "/v1/presence", {presences});
  routes.add("PUT", "/v1/blocks/{user}", {block});
  routes.add("DELETE", "/v1/blocks/{user}", {unblock});
  routes.add("GET", "/v1/blocks", {list_blocks});
}

}  // namespace parley::native
