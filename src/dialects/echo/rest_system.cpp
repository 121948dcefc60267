// How the process is.
#include "base/metrics.h"
#include "dialects/echo/call.h"

namespace parley::echo {
namespace {

// The store is all that must be there; the others are none of ours so far.
void write_checks(JsonWriter& json, const store::Health& store) {
  json.key("checks");
  json.open();
  json.key("database");
  json.open();
  json.field("status", store.up ? "healthy" : "unhealthy");
  json.field("message", store.up ? "the store answers" : "the store does not answer");
  json.field("response_time", std::to_string(store.latency_ms) + "ms");
  json.close();
  json.close();
}

Task<Answer> health(Call& call) {
  auto store = co_await call.door.engine.store().health();
  const Time now = call.door.engine.clock().now();
  const char* status = store.up ? "healthy" : "unhealthy";
  co_return good(200, "health", [&](JsonWriter& json) {
    json.open();
    json.field("status", status);
    json.field("service", "message-service");
    json.field("version", call.door.shared.version);
    const auto up =
        std::chrono::duration_cast<std::chrono::seconds>(now - call.door.shared.started);
    json.field("uptime", std::to_string(up.count()) + "s");
    json.field("timestamp", now);
    json.raw_field("liveness", R"({"status":"healthy","ok":true})");
    json.key("readiness");
    json.open();
    json.field("status", status);
    json.field("ok", store.up);
    json.close();
    write_checks(json, store);
    json.field("environment", "production");
    json.close();
  });
}

Task<Answer> ready(Call& call) {
  auto store = co_await call.door.engine.store().health();
  const bool ok = store.up && !call.door.commands.closed();
  co_return good(ok ? 200 : 503, "readiness", [&](JsonWriter& json) {
    json.open();
    json.field("status", ok ? "healthy" : "unhealthy");
    json.field("ok", ok);
    write_checks(json, store);
    json.close();
  });
}

Task<Answer> figures(Call& /*call*/) {
  Reply reply;
  reply.plain = metrics::text();
  co_return reply;
}

}  // namespace

void add_system_routes(Routes& routes) {
  routes.add("GET", "/health", {health, Access::open});
  routes.add("GET", "/ready", {ready, Access::open});
  routes.add("GET", "/metrics", {figures, Access::open});
}

}  // namespace parley::echo
