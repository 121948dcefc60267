// For those who look after this server: tokens with the role admin.
#include "dialects/native/call.h"
#include "dialects/native/parse.h"

namespace parley::native {
namespace {

Result<void> admins_only(const Call& call) {
  if (call.caller.rank != engine::Rank::admin)
    return fail(Code::forbidden, "this is for tokens with the role admin");
  return {};
}

// What this process runs with. No secret is among it, nor an address that may hold one.
Task<Answer> settings(Call& call) {
  CO_TRY_DO(admins_only(call));
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("items");
  json.open_list();
  for (const Setting& one : *call.door.shared.settings) {
    json.open();
    json.field("key", one.key);
    if (one.value)
      json.field("value", *one.value);
    else
      json.null_field("value");
    json.field("live", one.live);
    json.close();
  }
  json.close_list();
  json.null_field("next");
  json.close();
  co_return json_answer(200, out);
}

Task<Answer> reports(Call& call) {
  CO_TRY_DO(admins_only(call));
  CO_TRY(limit, limit_of(call.request.query));
  CO_TRY(after, user_after(call.request.query));
  CO_TRY(found, co_await call.door.engine.reports(call.caller, std::move(after.text), limit + 1));
  const bool more = found.size() > limit;
  if (more) found.pop_back();
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("items");
  json.open_list();
  for (const store::Record& one : found) {
    std::string item = one.body;
    item.pop_back();
    item += ',';
    JsonWriter rest(item);
    rest.field("id", one.key);
    item += ',';
    JsonWriter time(item);
    time.field("created_at", one.at);
    json.raw(item + '}');
  }
  json.close_list();
  if (more)
    json.field("next", page_token(found.back().key));
  else
    json.null_field("next");
  json.close();
  co_return json_answer(200, out);
}

Task<Answer> stats(Call& call) {
  CO_TRY_DO(admins_only(call));
  const auto [users, connections] = call.door.shared.presence->totals();
  const auto store = co_await call.door.engine.store().health();
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("users_online", users);
  json.field("connections", connections);
  json.field("store_up", store.up);
  json.field("store_latency_ms", store.latency_ms);
  json.close();
  co_return json_answer(200, out);
}

}  // namespace

void add_admin_routes(Routes& routes) {
  routes.add("GET", "/v1/admin/settings", {settings});
  routes.add("GET", "/v1/admin/reports", {reports});
  routes.add("GET", "/v1/admin/stats", {stats});
}

}  // namespace parley::native
