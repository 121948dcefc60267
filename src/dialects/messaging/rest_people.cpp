// Who is there; and how the process is.
#include "base/metrics.h"
#include "dialects/messaging/call.h"
#include "dialects/messaging/figures.h"
#include "dialects/messaging/keys.h"

namespace parley::messaging {
namespace {

Task<Answer> presence(Call& call) {
  CO_TRY(user, user_of(call.params.front()));
  const std::string status = call.door.shared.presence->status(user);
  Profiles& profiles = *call.door.shared.profiles;
  CO_TRY(met, co_await profiles.ever_met(call.door.engine, user));
  if (!met && status == "offline") co_return Error{Code::not_found, "this user was never seen", {}};
  std::vector<UserId> one{user};
  CO_TRY_DO(co_await profiles.load(call.door.engine, std::move(one)));
  const Time left = profiles.known(user).last_seen;
  const bool away = status == "offline" && left != Time{};
  const Time last = away ? left : call.door.engine.clock().now();
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open();
    json.field("user_id", user.text);
    json.field("status", status);
    json.field("last_seen", last);
    json.close();
  });
}

Task<Answer> online(Call& call) {
  const std::vector<UserId> users = call.door.shared.presence->all_online();
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open();
    json.key("users");
    json.open_list();
    for (const UserId& user : users) json.value(user.text);
    json.close_list();
    json.field("count", users.size());
    json.close();
  });
}

Task<Answer> health(Call& /*call*/) { co_return done(); }

Task<Answer> ready(Call& call) {
  auto store = co_await call.door.engine.store().health();
  const bool storage = co_await call.door.shared.shelf->up();
  const bool ok = store.up && storage;
  co_return answer_with(ok ? 200 : 503, [&](JsonWriter& json) {
    json.open();
    const auto& events_flow = call.door.shared.events_flow;
    const bool nats = !events_flow || events_flow();
    const auto& keys = call.door.shared.keys;
    const bool redis = !keys || keys->up();
    json.field("status", !ok ? "down" : nats && redis ? "ready" : "degraded");
    json.key("checks");
    json.open();
    json.field("database", store.up ? "up" : "down");
    json.field("storage", storage ? "up" : "down");
    if (keys) json.field("redis", redis ? "up" : "down");
    if (events_flow) json.field("nats", nats ? "up" : "down");
    json.close();
    json.close();
  });
}

Task<Answer> figures(Call& call) {
  auto count = [](store::Reader& reader) { return reader.living_conversations(); };
  auto living = co_await call.door.engine.store().read(std::move(count));
  if (living)
    conversations().Set(static_cast<double>(*living));  // else it stays as it was seen last
  users_online().Set(static_cast<double>(call.door.shared.presence->totals().users));
  net::Response response;
  response.body = metrics::text();
  response.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  co_return response;
}

}  // namespace

void add_people_routes(Routes& routes) {
  routes.add("GET", "/health", {health, Access::open});
  routes.add("GET", "/ready", {ready, Access::open});
  routes.add("GET", "/metrics", {figures, Access::open});
  routes.add("GET", "/api/v1/users/online", {online});
  routes.add("GET", "/api/v1/users/{id}/presence", {presence});
}

}  // namespace parley::messaging
