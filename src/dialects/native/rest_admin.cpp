// For those who look after this server: tokens with the role admin.
#include "base/log.h"
#include "dialects/native/call.h"
#include "dialects/native/parse.h"
#include "engine/decide.h"

namespace parley::native {
namespace {

constexpr std::size_t reason_bytes_max = 1'000;

Result<void> admins_only(const Call& call) {
  if (call.caller.rank != engine::Rank::admin)
    return fail(Code::forbidden, "this is for tokens with the role admin");
  return {};
}

void write(JsonWriter& json, const Setting& one) {
  json.open();
  json.field("key", one.key);
  if (one.value)
    json.field("value", *one.value);
  else
    json.null_field("value");
  json.field("live", one.live);
  json.close();
}

// What this process runs with. No secret is among it, nor an address that may hold one.
Task<Answer> settings(Call& call) {
  CO_TRY_DO(admins_only(call));
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("items");
  json.open_list();
  for (const Setting& one : call.door.shared.desk->all()) write(json, one);
  json.close_list();
  json.null_field("next");
  json.close();
  co_return json_answer(200, out);
}

// Texts as in the configuration; numbers and flags also as such.
Result<std::optional<std::string>> value_in(const JsonObject& body) {
  if (body.is_null("value")) return std::nullopt;
  if (auto text = body.text("value"); text && *text) return std::string(**text);
  const std::string raw = body.raw("value");
  if (raw == "true") return "on";
  if (raw == "false") return "off";
  const bool number = !raw.empty() && raw.find_first_not_of("-0123456789.eE+") == std::string::npos;
  if (!number)
    return fail(Code::unprocessable,
                "value must be a text, a number, true or false; or null, for what is configured");
  return raw;
}

Task<Answer> put_setting(Call& call) {
  CO_TRY_DO(admins_only(call));
  CO_TRY(body, call.body());
  CO_TRY(value, value_in(body));
  CO_TRY(now, co_await call.door.shared.desk->put(call.door.engine, call.caller,
                                                  call.params.front(), std::move(value)));
  std::string out;
  JsonWriter json(out);
  write(json, now);
  co_return json_answer(200, out);
}

void write_keys(JsonWriter& json, std::string_view name, const std::vector<std::string>& keys) {
  json.key(name);
  json.open_list();
  for (const std::string& key : keys) json.value(key);
  json.close_list();
}

Task<Answer> reload_settings(Call& call) {
  CO_TRY_DO(admins_only(call));
  CO_TRY(reloaded, co_await call.door.shared.desk->reload(call.door.engine));
  std::string out;
  JsonWriter json(out);
  json.open();
  write_keys(json, "changed", reloaded.changed);
  write_keys(json, "need_restart", reloaded.need_restart);
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

Task<Answer> ban(Call& call) {
  CO_TRY_DO(admins_only(call));
  std::optional<Time> until;
  std::string reason;
  if (!call.request.body.empty()) {
    CO_TRY(body, call.body());
    CO_TRY(until_text, body.text("until"));
    if (until_text) {
      until = parse_rfc3339(*until_text);
      if (!until)
        co_return Error{
            Code::unprocessable, "until must be a time such as 2026-01-02T03:04:05Z", {}};
    }
    CO_TRY(reason_text, body.text("reason"));
    reason = reason_text.value_or("");
    if (reason.size() > reason_bytes_max)
      co_return Error{Code::too_large, "reason has more than 1000 bytes", {}};
  }
  const UserId user{call.params.front()};
  if (!engine::valid_user_id(user.text))
    co_return Error{Code::unprocessable, "a user's id is 1 to 128 bytes of printable UTF-8", {}};
  if (user == call.caller.user) co_return Error{Code::conflict, "nobody bans themselves", {}};
  CO_TRY_DO(co_await call.door.shared.bans->ban(call.door.engine, call.caller, user, until,
                                                std::move(reason)));
  co_return nothing_to_say();
}

Task<Answer> lift_ban(Call& call) {
  CO_TRY_DO(admins_only(call));
  CO_TRY_DO(co_await call.door.shared.bans->lift(call.door.engine, call.caller,
                                                 UserId{call.params.front()}));
  co_return nothing_to_say();
}

Task<Answer> connections(Call& call) {
  CO_TRY_DO(admins_only(call));
  CO_TRY(limit, limit_of(call.request.query));
  CO_TRY(after, user_after(call.request.query));
  std::vector<Device> all = call.door.shared.devices->list({}, after.text, limit + 1);
  const bool more = all.size() > limit;
  if (more) all.pop_back();
  co_return json_answer(200, page_json(all, more ? page_token(all.back().session) : ""));
}

// It goes on behind the answer: there may be much.
Task<Answer> erase(Call& call) {
  CO_TRY_DO(admins_only(call));
  const UserId user{call.params.front()};
  auto done = [user, pass = call.door.commands.enter()](const Result<void>& erased) {
    if (erased)
      log::info("a user's content is erased", {{"user", user.text}});
    else
      log::warn("a user's content is not erased whole: ask again",
                {{"user", user.text}, {"why", erased.error().detail}});
  };
  spawn(call.door.engine.erase_user(call.caller, user, call.door.shared.personal_spaces),
        std::move(done));
  co_return json_answer(202, R"({"status":"accepted"})");
}

}  // namespace

void add_admin_routes(Routes& routes) {
  routes.add("GET", "/v1/admin/settings", {settings});
  routes.add("PUT", "/v1/admin/settings/{key}", {put_setting});
  routes.add("POST", "/v1/admin/settings/reload", {reload_settings});
  routes.add("GET", "/v1/admin/reports", {reports});
  routes.add("GET", "/v1/admin/stats", {stats});
  routes.add("GET", "/v1/admin/connections", {connections});
  routes.add("POST", "/v1/admin/users/{id}/ban", {ban});
  routes.add("DELETE", "/v1/admin/users/{id}/ban", {lift_ban});
  routes.add("DELETE", "/v1/admin/users/{id}", {erase});
}

}  // namespace parley::native
