// How the process is: for probes and Prometheus. Open to all.
#include "base/metrics.h"
#include "dialects/native/call.h"
#include "dialects/native/spec.h"

namespace parley::native {
namespace {

Task<Answer> health(Call& /*call*/) { co_return json_answer(200, R"({"status":"ok"})"); }

Task<Answer> ready(Call& call) {
  auto store = co_await call.door.engine.store().health();
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("status", store.up ? "ready" : "down");
  json.key("parts");
  json.open();
  json.key("store");
  json.open();
  json.field("status", store.up ? "up" : "down");
  json.field("latency_ms", store.latency_ms);
  json.close();
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
