// /v1/conversations and their members.
#include "dialects/native/call.h"
#include "dialects/native/parse.h"
#include "engine/decide.h"

namespace parley::native {
namespace {

Task<Answer> create(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(command, create_conversation(body, call.idempotency_key()));
  CO_TRY(made, co_await call.door.engine.create(call.caller, std::move(command)));
  co_return json_answer(made.created ? 201 : 200, to_json(made.view));
}

Task<Answer> list(Call& call) {
  CO_TRY(query, list_query(call.request.query));
  if (query.with && !engine::valid_user_id(query.with->text))
    co_return Error{Code::bad_request, "with must be a user's id", {}};
  CO_TRY(page, co_await call.door.engine.conversations(call.caller, std::move(query)));
  co_return json_answer(200, page_json(page.items, page.next ? page_token(*page.next) : ""));
}

Task<Answer> get(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(view, co_await call.door.engine.conversation(call.caller, where));
  co_return json_answer(200, to_json(view));
}

Task<Answer> update(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(body, call.body());
  CO_TRY(command, update_conversation(body, where));
  CO_TRY(view, co_await call.door.engine.update(call.caller, std::move(command)));
  co_return json_answer(200, to_json(view));
}

Task<Answer> set_own(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(body, call.body());
  CO_TRY(patch, own_settings(body));
  CO_TRY(view, co_await call.door.engine.set_own(call.caller, where, patch));
  co_return json_answer(200, to_json(view));
}

Task<Answer> remove(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY_DO(co_await call.door.engine.remove(call.caller, where));
  net::Response response;
  response.status = 204;
  co_return response;
}

// The user a path names: what can't be an id is nobody.
Result<UserId> user_of(const Call& call) {
  UserId user{call.params[1]};
  if (!engine::valid_user_id(user.text))
    return fail(Code::not_found, "that user is not in this conversation");
  return user;
}

Task<Answer> list_members(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(limit, limit_of(call.request.query));
  CO_TRY(after, user_after(call.request.query));
  CO_TRY(members,
         co_await call.door.engine.members(call.caller, where, std::move(after), limit + 1));
  bool more = members.size() > limit;
  if (more) members.pop_back();
  co_return json_answer(200, page_json(members, more ? page_token(members.back().user.text) : ""));
}

Task<Answer> add(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(body, call.body());
  CO_TRY(command, add_members(body, where));
  CO_TRY(members, co_await call.door.engine.add_members(call.caller, std::move(command)));
  co_return json_answer(201, page_json(members, ""));
}

Task<Answer> set_role(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(user, user_of(call));
  CO_TRY(body, call.body());
  CO_TRY(role, role_of(body));
  CO_TRY(member, co_await call.door.engine.set_role(call.caller, where, std::move(user), role));
  co_return json_answer(200, to_json(member));
}

Task<Answer> remove_member(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(user, user_of(call));
  CO_TRY_DO(co_await call.door.engine.remove_member(call.caller, where, std::move(user)));
  net::Response response;
  response.status = 204;
  co_return response;
}

}  // namespace

void add_conversation_routes(Routes& routes) {
  routes.add("POST", "/v1/conversations", {create, Access::with_token, Keys::its_own});
  routes.add("GET", "/v1/conversations", {list});
  routes.add("GET", "/v1/conversations/{id}", {get});
  routes.add("PATCH", "/v1/conversations/{id}", {update});
  routes.add("DELETE", "/v1/conversations/{id}", {remove});
  routes.add("PUT", "/v1/conversations/{id}/me", {set_own});
}

void add_member_routes(Routes& routes) {
  routes.add("GET", "/v1/conversations/{id}/members", {list_members});
  routes.add("POST", "/v1/conversations/{id}/members", {add});
  routes.add("PATCH", "/v1/conversations/{id}/members/{user}", {set_role});
  routes.add("DELETE", "/v1/conversations/{id}/members/{user}", {remove_member});
}

}  // namespace parley::native
