#include "dialects/rtchat/rtchat.h"

#include "base/log.h"
#include "dialects/rtchat/call.h"
#include "dialects/rtchat/session.h"
#include "dialects/shell/shell.h"

namespace parley::rtchat {
namespace {

// Clients have nothing to say on a socket.
constexpr std::size_t frame_bytes_max = 512;

Routes all_routes() {
  Routes routes;
  add_system_routes(routes);
  add_message_routes(routes);
  add_people_routes(routes);
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
              .channels = {},
              .roster_changes = 0,
              .sessions_of = {},
              .shown = {},
              .commands = {}},
        cors_(shared.origins, rest::Cors::Credentials::where_named),
        routes_(all_routes()) {
    door_.policy = policy_of(shared);
    shared.pending->watch({.executor = &loop,
                           .show = [this](const auto& post) { show_ahead(door_, *post); },
                           .saved =
                               [this](const MessageId& id) {
                                 door_.shown.saved(id, door_.engine.clock().instant());
                               }});
  }

  Task<net::Response> handle(net::Request& request) override {
    auto pass = door_.commands.enter();
    net::Response response;
    if (request.method == "OPTIONS") {
      response = preflight(request);
    } else {
      response = co_await answer(request);
      cors_.allow(request, response);
    }
    response.with("X-Content-Type-Options", "nosniff");
    response.with("X-Request-Id", rest::request_id_of(request, door_.random));
    co_return response;
  }

  Task<net::Upgrade> upgrade(net::Request& request) override {
    auto pass = door_.commands.enter();
    net::Upgrade upgrade;
    auto who = request.path == "/ws"
                   ? identify(door_, request)
                   : Result<Identified>(fail(Code::not_found, "the WebSocket is at /ws"));
    if (who && !lets_in(request)) who = fail(Code::forbidden, "this origin may not connect");
    std::optional<shell::Headcount::Place> place;
    if (who) place = door_.shared.sockets->enter(who->user, door_.shared.sockets_max);
    if (who && !place) who = std::unexpected(shell::Headcount::too_many());
    if (!who) {
      upgrade.refused = refusal(who.error());
      co_return upgrade;
    }
    if (rest::offers_subprotocol(request, "parley.v1")) upgrade.subprotocol = "parley.v1";
    upgrade.message_bytes = frame_bytes_max;
    upgrade.handler =
        shell::make_shell<Session>(door_, std::move(who->user), who->expires, std::move(*place));
    co_return upgrade;
  }

  net::Response refuse(const Error& error) override { return refusal(error); }

  void drain(std::chrono::milliseconds /*spread*/) override { door_.commands.close(); }
  void let_go(double share) override { shell::let_go(door_.sessions, share, door_.random); }
  [[nodiscard]] std::size_t busy() const override { return door_.commands.inside(); }

 private:
  // A page of the server's own host may connect, too.
  bool lets_in(const net::Request& request) const {
    if (cors_.lets_in(request)) return true;
    auto origin = request.header("Origin");
    auto host = request.header("Host");
    if (!origin || !host) return false;
    const auto scheme = origin->find("://");
    return scheme != std::string_view::npos && origin->substr(scheme + 3) == *host;
  }

  net::Response preflight(const net::Request& request) const {
    if (request.header("Origin") && !cors_.lets_in(request))
      return refusal({Code::forbidden, "this origin may not call", {}});
    if (auto answer = cors_.preflight(request)) return std::move(*answer);
    net::Response response;
    response.status = 204;
    return response;
  }

  Task<net::Response> answer(net::Request& request) {
    auto match = routes_.find(request.method, request.path);
    const bool open =
        request.path == "/api/connections" || (match && match->target->access == Access::open);
    Call call{.door = door_, .request = request, .params = {}, .user = {}};
    // Who may not come in is not told what is there.
    if (!open && (request.path.starts_with("/api/") || request.path == "/ws")) {
      auto who = identify(door_, request);
      if (!who) co_return refusal(who.error());
      call.user = std::move(who->user);
    }
    if (request.path == "/ws") co_return refusal(rest::no_upgrade());
    if (!match) co_return rest::unrouted(match.error(), refusal);
    if (match->target->access == Access::caller) {
      auto admitted = call.admit();
      if (!admitted) co_return refusal(admitted.error());
    }
    call.params = std::move(match->params);
    auto answered = co_await match->target->run(call);
    if (!answered && http_status(answered.error().code) >= 500)
      log::warn("a request failed",
                {{"code", name_of(answered.error().code)}, {"path", request.path}});
    co_return answered ? std::move(*answered) : refusal(answered.error());
  }

  rtchat::Door door_;
  rest::Cors cors_;
  Routes routes_;
};

}  // namespace

engine::Policy policy_of(const Shared& shared) {
  engine::Policy policy;
  // Counted in bytes, at this door.
  policy.text_max = shared.content_bytes_max;
  policy.blocked_are_unheard = true;
  policy.shown_unsaved_after = std::chrono::milliseconds{25};
  return policy;
}

std::unique_ptr<rest::Door> make_rtchat(net::Loop& loop, engine::Engine& engine, Random& random,
                                        const Shared& shared) {
  return std::make_unique<Handler>(loop, engine, random, shared);
}

}  // namespace parley::rtchat
