// What somebody settles about other people.
#include "dialects/native/call.h"
#include "dialects/native/parse.h"

namespace parley::native {
namespace {

net::Response nothing_to_say() {
  net::Response response;
  response.status = 204;
  return response;
}

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

}  // namespace

void add_people_routes(Routes& routes) {
  routes.add("PUT", "/v1/blocks/{user}", {block});
  routes.add("DELETE", "/v1/blocks/{user}", {unblock});
  routes.add("GET", "/v1/blocks", {list_blocks});
}

}  // namespace parley::native
