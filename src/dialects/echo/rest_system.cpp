// How the process is.
#include "base/metrics.h"
#include "dialects/echo/call.h"
#include "dialects/echo/keys.h"

namespace parley::echo {
namespace {

struct State {
  store::Health store;
  std::optional<bool> kafka, cache;  // nothing: it is not used

  [[nodiscard]] bool ok() const { return store.up; }
  [[nodiscard]] const char* status() const {
    if (!store.up) return "unhealthy";
    return kafka.value_or(true) && cache.value_or(true) ? "healthy" : "degraded";
  }
};

Task<State> state_of(Call& call) {
  State state;
  state.store = co_await call.door.engine.store().health();
  if (const auto& flow = call.door.shared.events_flow) state.kafka = flow();
  if (const auto& keys = call.door.shared.keys) state.cache = keys->up();
  co_return state;
}

void write_check(JsonWriter& json, std::string_view name, bool up, std::string_view text) {
  json.key(name);
  json.open();
  json.field("status", up ? "healthy" : "unhealthy");
  json.field("message", text);
  json.close();
}

// The store is all that must be there.
void write_checks(JsonWriter& json, const State& state) {
  json.key("checks");
  json.open();
  json.key("database");
  json.open();
  json.field("status", state.store.up ? "healthy" : "unhealthy");
  json.field("message", state.store.up ? "the store answers" : "the store does not answer");
  json.field("response_time", std::to_string(state.store.latency_ms) + "ms");
  json.close();
  if (state.cache)
    write_check(json, "cache", *state.cache,
                *state.cache ? "redis answers" : "redis does not answer; nothing needs it");
  if (state.kafka)
    write_check(json, "kafka", *state.kafka,
                *state.kafka ? "the broker takes events" : "events wait for the broker");
  json.close();
}

Task<Answer> health(Call& call) {
  const State state = co_await state_of(call);
  const Time now = call.door.engine.clock().now();
  co_return good(200, "health", [&](JsonWriter& json) {
    json.open();
    json.field("status", state.status());
    json.field("service", "message-service");
    json.field("version", call.door.shared.version);
    const auto up =
        std::chrono::duration_cast<std::chrono::seconds>(now - call.door.shared.started);
    json.field("uptime", std::to_string(up.count()) + "s");
    json.field("timestamp", now);
    json.raw_field("liveness", R"({"status":"healthy","ok":true})");
    json.key("readiness");
    json.open();
    json.field("status", state.status());
    json.field("ok", state.ok());
    json.close();
    write_checks(json, state);
    json.field("environment", "production");
    json.close();
  });
}

Task<Answer> ready(Call& call) {
  const State state = co_await state_of(call);
  const bool ok = state.ok() && !call.door.commands.closed();
  co_return good(ok ? 200 : 503, "readiness", [&](JsonWriter& json) {
    json.open();
    json.field("status", ok ? state.status() : "unhealthy");
    json.field("ok", ok);
    write_checks(json, state);
    json.close();
  });
}

Task<Answer> figures(Call& /*call*/) {
  Reply reply;
  reply.plain = metrics::text() + metrics::text_of("parley_read_seconds", "echo_db_query_seconds");
  co_return reply;
}

}  // namespace

void add_system_routes(Routes& routes) {
  routes.add("GET", "/health", {health, Access::open});
  routes.add("GET", "/ready", {ready, Access::open});
  routes.add("GET", "/metrics", {figures, Access::open});
}

}  // namespace parley::echo
