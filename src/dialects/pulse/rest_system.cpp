// How the process is.
#include "base/metrics.h"
#include "dialects/pulse/call.h"

namespace parley::pulse {
namespace {

constexpr std::string_view service = "messaging-service";

Task<Answer> health(Call& call) {
  const Time now = call.door.engine.clock().now();
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open();
    json.field("status", "healthy");
    json.field("service", service);
    json.field("time", now);
    json.close();
  });
}

// `mongodb` is the store, whatever its kind; presence is kept in this process.
Task<Answer> ready(Call& call) {
  const auto store = co_await call.door.engine.store().health();
  const bool ok = store.up && !call.door.commands.closed();
  co_return answer_with(ok ? 200 : 503, [&](JsonWriter& json) {
    json.open();
    json.field("service", service);
    json.field("ready", ok);
    json.field("mongodb", store.up ? "healthy" : "unhealthy");
    const auto& keys = call.door.shared.keys;
    json.field("redis", !keys || keys->up() ? "healthy" : "unhealthy");
    json.field("store", call.door.shared.store_kind);
    if (call.door.shared.events_flow)
      json.field("rabbitmq", call.door.shared.events_flow() ? "healthy" : "unhealthy");
    json.close();
  });
}

Task<Answer> figures(Call& /*call*/) {
  net::Response response;
  response.body = metrics::text();
  response.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  co_return response;
}

}  // namespace

void add_system_routes(Routes& routes) {
  add_route(routes, "GET", "/health", health, Access::open);
  add_route(routes, "GET", "/ready", ready, Access::open);
  add_route(routes, "GET", "/metrics", figures, Access::open);
}

}  // namespace parley::pulse
