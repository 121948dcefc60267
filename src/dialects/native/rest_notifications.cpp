// What a service tells people.
#include "dialects/native/call.h"
#include "dialects/native/parse.h"

namespace parley::native {
namespace {

Task<Answer> list(Call& call) {
  CO_TRY(limit, limit_of(call.request.query));
  CO_TRY(after, user_after(call.request.query));
  const auto unread = call.request.query.get("unread_only");
  if (unread && unread != "true" && unread != "false")
    co_return Error{Code::bad_request, "unread_only must be true or false", {}};
  CO_TRY(found, co_await call.door.engine.notifications(call.caller, std::move(after.text),
                                                        limit + 1, unread == "true"));
  const bool more = found.size() > limit;
  if (more) found.pop_back();
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("items");
  json.open_list();
  for (const store::Record& one : found) json.raw(one.body);
  json.close_list();
  if (more)
    json.field("next", page_token(found.back().key));
  else
    json.null_field("next");
  json.close();
  co_return json_answer(200, out);
}

Task<Answer> create(Call& call) {
  CO_TRY(body, call.body());
  engine::Notice notice;
  CO_TRY(to_all, body.flag("all"));
  notice.to_all = to_all.value_or(false);
  CO_TRY(users, body.texts("user_ids"));
  for (std::string_view one : users.value_or(std::vector<std::string_view>{}))
    notice.users.push_back({std::string(one)});
  CO_TRY(type, body.text("type"));
  notice.type = type.value_or("");
  CO_TRY(title, body.text("title"));
  notice.title = title.value_or("");
  CO_TRY(text, body.text("body"));
  notice.body = text.value_or("");
  CO_TRY(data, body.object("data"));
  if (data) notice.data = body.raw("data");
  CO_TRY_DO(co_await call.door.engine.notify(call.caller, std::move(notice)));
  co_return json_answer(202, R"({"status":"accepted"})");
}

Task<Answer> read(Call& call) {
  CO_TRY_DO(co_await call.door.engine.read_notification(call.caller, call.params.front()));
  co_return nothing_to_say();
}

Task<Answer> read_all(Call& call) {
  CO_TRY_DO(co_await call.door.engine.read_notifications(call.caller));
  co_return nothing_to_say();
}

Task<Answer> report(Call& call) {
  CO_TRY(body, call.body());
  engine::Engine::Report report;
  CO_TRY(message, body.text("message_id"));
  if (message) {
    CO_TRY(id, message_id(*message));
    report.message = id;
  }
  CO_TRY(user, body.text("user_id"));
  if (user) report.user = UserId{std::string(*user)};
  CO_TRY(reason, body.text("reason"));
  report.reason = reason.value_or("");
  CO_TRY(id, co_await call.door.engine.report(call.caller, std::move(report)));
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("id", id);
  json.close();
  co_return json_answer(201, out);
}

}  // namespace

void add_notification_routes(Routes& routes) {
  routes.add("GET", "/v1/notifications", {list});
  routes.add("POST", "/v1/notifications", {create});
  routes.add("POST", "/v1/notifications/read-all", {read_all});
  routes.add("POST", "/v1/notifications/{id}/read", {read});
  routes.add("POST", "/v1/reports", {report});
}

}  // namespace parley::native
