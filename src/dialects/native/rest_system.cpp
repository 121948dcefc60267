// How the process is: for probes and Prometheus. Open to all.
#include <algorithm>

#include "base/metrics.h"
#include "dialects/native/call.h"
#include "dialects/native/spec.h"

namespace parley::native {
namespace {

Task<Answer> health(Call& /*call*/) { co_return json_answer(200, R"({"status":"ok"})"); }

void write_part(JsonWriter& json, std::string_view name, bool up) {
  json.key(name);
  json.open();
  json.field("status", up ? "up" : "down");
  json.close();
}

// Without its store this process can do nothing; without another part it does less.
Task<Answer> ready(Call& call) {
  auto store = co_await call.door.engine.store().health();
  std::vector<std::pair<std::string, bool>> parts;
  for (const Part& part : call.door.shared.parts) {
    const bool up = co_await part.up();
    parts.emplace_back(part.name, up);
  }
  const bool all_up = std::ranges::all_of(parts, &std::pair<std::string, bool>::second);
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("status", !store.up ? "down" : all_up ? "ready" : "degraded");
  json.key("parts");
  json.open();
  json.key("store");
  json.open();
  json.field("status", store.up ? "up" : "down");
  json.field("latency_ms", store.latency_ms);
  json.close();
  for (const auto& [name, up] : parts) write_part(json, name, up);
  json.close();
  json.close();
  co_return json_answer(store.up ? 200 : 503, std::move(out));
}

Task<Answer> metrics_text(Call& /*call*/) {
  net::Response response;
  response.body = metrics::text();
  response.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  co_return response;
}

Task<Answer> rest_spec(Call& /*call*/) { co_return json_answer(200, std::string(openapi)); }
Task<Answer> socket_spec(Call& /*call*/) { co_return json_answer(200, std::string(asyncapi)); }

}  // namespace

void add_system_routes(Routes& routes) {
  routes.add("GET", "/health", {health, Access::open});
  routes.add("GET", "/ready", {ready, Access::open});
  routes.add("GET", "/metrics", {metrics_text, Access::open});
  routes.add("GET", "/openapi.json", {rest_spec, Access::open});
  routes.add("GET", "/asyncapi.json", {socket_spec, Access::open});
}

}  // namespace parley::native
