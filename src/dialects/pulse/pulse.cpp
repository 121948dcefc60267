#include "dialects/pulse/pulse.h"

#include "base/log.h"
#include "dialects/pulse/call.h"
#include "dialects/pulse/figures.h"
#include "dialects/pulse/session.h"
#include "dialects/shell/shell.h"

namespace parley::pulse {
namespace {

constexpr std::size_t content_max = 5'000;
constexpr std::size_t participants_max = 1'000;
constexpr std::size_t frame_bytes_max = 64 * 1024;

Routes all_routes() {
  Routes routes;
  add_system_routes(routes);
  add_conversation_routes(routes);
  add_message_routes(routes);
  return routes;
}

class Handler final : public rest::Door {
 public:
  Handler(net::Loop& loop, engine::Engine& engine, Random& random, const Shared& shared)
      : door_{.loop = loop,
              .engine = engine,
              .random = random,
              .shared = shared,
              .policy = {},
              .sessions = {},
              .commands = {}},
        cors_(shared.origins, rest::Cors::Credentials::where_named),
        routes_(all_routes()) {
    door_.policy.text_max = content_max;
    door_.policy.name_max = 100;
    door_.policy.group_size = participants_max - 1;  // without who makes it
    door_.policy.mentions_max = participants_max;
    door_.policy.mentioned_strangers = engine::Policy::Strangers::dropped;
    door_.policy.put_away_is_unseen = true;
    door_.policy.last_message_lives = true;
  }

  Task<net::Response> handle(net::Request& request) override {
    auto pass = door_.commands.enter();
    if (request.method == "OPTIONS") co_return preflight(request);
    const Instant begun = door_.engine.clock().instant();
    auto match = routes_.find(request.method, request.path);
    const std::string endpoint = match ? match->target->endpoint : "unknown";
    net::Response response = co_await answer(request, std::move(match));
    cors_.allow(request, response);
    response.with("X-Content-Type-Options", "nosniff");
    response.with("X-Request-Id", rest::request_id_of(request, door_.random));
    // Methods that nobody knows share one name, too.
    const std::string method = endpoint == "unknown" ? "any" : request.method;
    requests(method, endpoint, response.status).Increment();
    request_seconds(method, endpoint)
        .Observe(std::chrono::duration<double>(door_.engine.clock().instant() - begun).count());
    co_return response;
  }

  Task<net::Upgrade> upgrade(net::Request& request) override {
    auto pass = door_.commands.enter();
    net::Upgrade upgrade;
    auto who = request.path == "/ws"
                   ? identify(door_, request)
                   : Result<Identified>(fail(Code::not_found, "the WebSocket is at /ws"));
    std::optional<shell::Headcount::Place> place;
    if (who) place = door_.shared.sockets->enter(who->user, door_.shared.sockets_max);
    if (who && !place) who = std::unexpected(shell::Headcount::too_many());
    if (!who) {
      upgrade.refused = refusal(who.error());
      co_return upgrade;
    }
    if (rest::offers_subprotocol(request, "parley.v1")) upgrade.subprotocol = "parley.v1";
    upgrade.message_bytes = frame_bytes_max;
    upgrade.handler = make_session(door_, std::move(who->user), who->expires, std::move(*place));
    co_return upgrade;
  }

  net::Response refuse(const Error& error) override {
    net::Response response = refusal(error);
    response.status = http_status(error.code);
    return response;
  }

  void drain(std::chrono::milliseconds /*spread*/) override { door_.commands.close(); }
  void let_go(double share) override { shell::let_go(door_.sessions, share, door_.random); }
  [[nodiscard]] std::size_t busy() const override { return door_.commands.inside(); }

 private:
  net::Response preflight(const net::Request& request) {
    if (auto answer = cors_.preflight(request)) return std::move(*answer);
    net::Response response;
    response.status = 204;
    cors_.allow(request, response);
    response.with("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS");
    response.with("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key");
    return response;
  }

  Task<net::Response> answer(net::Request& request, Result<Routes::Match> match) {
    if (request.path == "/ws") {
      auto who = identify(door_, request);
      co_return refusal(who ? rest::no_upgrade() : who.error());
    }
    if (!match) co_return rest::unrouted(match.error(), refusal);
    Call call{.door = door_, .request = request, .params = std::move(match->params), .user = {}};
    if (match->target->access == Access::caller) {
      auto admitted = admit(call);
      if (!admitted) co_return refusal(admitted.error());
    }
    auto answered = co_await match->target->run(call);
    if (!answered && http_status(answered.error().code) >= 500)
      log::warn("a request failed",
                {{"code", name_of(answered.error().code)}, {"path", request.path}});
    co_return answered ? std::move(*answered) : refusal(answered.error());
  }

  Result<void> admit(Call& call) {
    TRY(who, identify(door_, call.request));
    call.user = std::move(who.user);
    const auto verdict =
        door_.shared.requests->take(call.user.text, door_.engine.clock().instant());
    if (!verdict.allowed)
      return std::unexpected(
          Error{Code::rate_limited, "too many requests; wait a moment", verdict.until_next});
    return {};
  }

  pulse::Door door_;
  rest::Cors cors_;
  Routes routes_;
};

}  // namespace

Result<Identified> identify(const Door& door, const net::Request& request) {
  auto token = rest::token_of(request);
  if (!token || token->empty())
    return fail(Code::unauthorized, "a token is required: Bearer TOKEN");
  TRY(identity, door.shared.verifier->verify(*token, door.engine.clock().now(), door.shared.rules));
  return Identified{UserId{std::move(identity.user)}, identity.expires};
}

std::unique_ptr<rest::Door> make_pulse(net::Loop& loop, engine::Engine& engine, Random& random,
                                       const Shared& shared) {
  show_all_figures();
  return std::make_unique<Handler>(loop, engine, random, shared);
}

}  // namespace parley::pulse
