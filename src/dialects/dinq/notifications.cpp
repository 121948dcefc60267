#include "dialects/dinq/notifications.h"

#include <algorithm>

#include "dialects/dinq/call.h"
#include "dialects/dinq/names.h"

namespace parley::dinq {
namespace {

constexpr std::string_view space = notifications_space;
constexpr std::size_t all_of_them = 10'000;

std::string json_of(const Notification& one, const std::string& id, Time at) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("id", id);
  json.field("user_id", one.user);
  json.field("notification_type", one.type);
  json.field("title", one.title);
  if (!one.content.empty()) json.field("content", one.content);
  if (!one.metadata.empty()) json.raw_field("metadata", one.metadata);
  json.field("is_read", false);
  json.field("priority", one.priority);
  json.field("created_at", at);
  json.close();
  return out;
}

bool is_read(const store::Record& record) {
  auto body = parse_json_object(record.body);
  return body && body->flag("is_read").value_or(false).value_or(false);
}

std::int64_t priority_of(const store::Record& record) {
  auto body = parse_json_object(record.body);
  return body ? body->number("priority").value_or(0).value_or(0) : 0;
}

// The record changes when it is read; this does not.
Time made_at(const store::Record& record) {
  auto body = parse_json_object(record.body);
  auto text = body ? body->text("created_at") : std::optional<std::string_view>{};
  return text && *text ? parse_rfc3339(**text).value_or(record.at) : record.at;
}

// The same notification, read now.
std::string as_read(const store::Record& record, Time at) {
  constexpr std::string_view unread = R"("is_read":false)";
  std::string body = record.body;
  auto place = body.rfind(unread);  // the metadata stands before it
  if (place == std::string::npos) return body;
  return body.replace(place, unread.size(), R"("is_read":true,"read_at":")" + rfc3339(at, 6) + '"');
}

Task<Result<std::vector<store::Record>>> all_of(Door& door, UserId user) {
  co_return co_await door.engine.records(std::string(space), user.text,
                                         {.after = "", .limit = all_of_them, .newest_first = true});
}

Task<Answer> list(Call& call) {
  const Page page = page_of(call, 50);
  CO_TRY(all, co_await all_of(call.door, call.user));
  const auto unread = std::ranges::count_if(all, [](const auto& one) { return !is_read(one); });
  std::optional<Time> latest;
  for (const auto& one : all) latest = std::max(latest.value_or(Time{}), made_at(one));
  if (call.query("unread_only") == "true") std::erase_if(all, is_read);
  std::ranges::sort(all, std::greater{}, [](const store::Record& one) {
    return std::pair(priority_of(one), one.key);  // keys grow with time
  });
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("notifications");
    json.open_list();
    for (std::size_t i = page.offset; i < std::min(all.size(), page.offset + page.limit); ++i)
      json.raw(all[i].body);
    json.close_list();
    json.field("unread_count", unread);
    if (latest)
      json.field("latest_notif_time", *latest);
    else
      json.null_field("latest_notif_time");
    json.close();
  });
}

Task<Result<store::Record>> find(Call& call) {
  auto id = read_uuid(call.params.front());
  if (!id) co_return Error{Code::bad_request, "invalid notification id", {}};
  CO_TRY(record, co_await call.door.engine.record(std::string(space), call.user.text, *id));
  if (!record) co_return Error{Code::not_found, "notification not found", {}};
  co_return std::move(*record);
}

Task<Result<std::string>> mark_read(Call& call) {
  CO_TRY(record, co_await find(call));
  std::string body = as_read(record, call.door.engine.clock().now());
  if (body != record.body) {
    std::vector<store::RecordSet> sets{{record.space, record.owner, record.key, body, {}}};
    CO_TRY_DO(co_await call.door.engine.put_records(call.caller(), std::move(sets)));
  }
  co_return body;
}

Task<Answer> get(Call& call) {
  CO_TRY(body, co_await mark_read(call));
  co_return success([&](JsonWriter& json) {
    json.open();
    json.raw_field("notification", body);
    json.close();
  });
}

Task<Answer> read(Call& call) {
  CO_TRY_DO(co_await mark_read(call));
  co_return done("notification marked as read");
}

Task<Answer> read_all(Call& call) {
  CO_TRY(all, co_await all_of(call.door, call.user));
  std::vector<store::RecordSet> sets;
  for (const store::Record& one : all)
    if (!is_read(one))
      sets.push_back(
          {one.space, one.owner, one.key, as_read(one, call.door.engine.clock().now()), {}});
  CO_TRY_DO(co_await call.door.engine.put_records(call.caller(), std::move(sets)));
  co_return done("all notifications marked as read");
}

Task<Answer> remove(Call& call) {
  CO_TRY(record, co_await find(call));
  std::vector<store::RecordSet> sets{{record.space, record.owner, record.key, {}, {}}};
  CO_TRY_DO(co_await call.door.engine.put_records(call.caller(), std::move(sets)));
  co_return done("notification deleted");
}

}  // namespace

Task<Result<void>> notify(Door& door, engine::Caller caller, std::vector<Notification> all) {
  for (const Notification& one : all) {
    const std::string id = door.engine.fresh_key();
    std::string body = json_of(one, id, door.engine.clock().now());
    std::vector<store::RecordSet> sets{{std::string(space), one.user, id, body, {}}};
    CO_TRY_DO(co_await door.engine.put_records(caller, std::move(sets)));
    if (!one.pushed) continue;
    Signal signal;
    signal.kind = Signal::Kind::notification;
    signal.space = space;
    signal.to = {UserId{one.user}};
    signal.details = std::move(body);
    door.engine.tell(signal);
  }
  co_return Result<void>{};
}

Task<Result<std::optional<store::Record>>> newest_unread(Door& door, UserId user) {
  CO_TRY(all, co_await all_of(door, std::move(user)));
  for (store::Record& one : all)
    if (!is_read(one)) co_return std::optional{std::move(one)};
  co_return std::optional<store::Record>{};
}

void add_notification_routes(Routes& routes) {
  add_api(routes, "GET", "/notifications", list);
  add_api(routes, "POST", "/notifications/read-all", read_all);
  add_api(routes, "GET", "/notifications/{id}", get);
  add_api(routes, "POST", "/notifications/{id}/read", read);
  add_api(routes, "POST", "/notifications/{id}/delete", remove);
}

}  // namespace parley::dinq
