// How the process is.
#include "base/metrics.h"
#include "dialects/rtchat/call.h"

namespace parley::rtchat {
namespace {

Task<Answer> health(Call& call) {
  // In whole seconds.
  const std::string now = rfc3339(call.door.engine.clock().now(), 0);
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open();
    json.field("status", "ok");
    json.field("time", now);
    json.close();
  });
}

Task<Answer> ready(Call& call) {
  const auto store = co_await call.door.engine.store().health();
  const bool ok = store.up && !call.door.commands.closed();
  co_return answer_with(ok ? 200 : 503, [&](JsonWriter& json) {
    json.open();
    json.field("status", ok ? "ready" : "not ready");
    json.field("store", store.up ? "up" : "down");
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
  routes.add("GET", "/health", {health, Access::open});
  routes.add("GET", "/ready", {ready, Access::open});
  routes.add("GET", "/metrics", {figures, Access::open});
}

}  // namespace parley::rtchat
