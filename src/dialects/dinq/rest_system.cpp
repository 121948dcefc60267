// How the process is, and tokens for sockets.
#include "base/metrics.h"
#include "dialects/dinq/call.h"
#include "identity/token.h"

namespace parley::dinq {
namespace {

Task<Answer> health(Call& /*call*/) { co_return plain_json(R"({"status":"ok"})"); }

Task<Answer> ready(Call& call) {
  auto store = co_await call.door.engine.store().health();
  net::Response response = plain_json(store.up ? R"({"status":"ready"})" : R"({"status":"down"})");
  response.status = store.up ? 200 : 503;
  co_return response;
}

Task<Answer> figures(Call& /*call*/) {
  net::Response response;
  response.body = metrics::text();
  response.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  co_return response;
}

Task<Answer> ws_token(Call& call) {
  const Shared& shared = call.door.shared;
  if (shared.jwt_secret.empty())
    co_return Error{
        Code::not_implemented, "tokens are made only where the server has a shared secret", {}};
  CO_TRY(token,
         identity::make_token(shared.jwt_secret, call.user.text, identity::TokenRole::user,
                              shared.ws_token_ttl, call.door.engine.clock().now(), "user_id"));
  std::string body;
  JsonWriter json(body);
  json.open();
  json.field("ws_token", token);
  const std::string here = std::string(call.request.secure ? "wss://" : "ws://") +
                           std::string(call.request.header("Host").value_or("localhost")) +
                           call.request.prefix + "/ws";
  json.field("ws_url", shared.ws_url.empty() ? here : shared.ws_url);
  json.field("expires_in", std::to_string(shared.ws_token_ttl.count()));
  json.close();
  co_return plain_json(std::move(body));
}

}  // namespace

void add_system_routes(Routes& routes) {
  routes.add("GET", "/health", {health, Access::open});
  routes.add("GET", "/ready", {ready, Access::open});
  routes.add("GET", "/metrics", {figures, Access::open});
  routes.add("GET", "/message/ws-token", {ws_token});
  routes.add("POST", "/message/ws-token", {ws_token});
}

}  // namespace parley::dinq
