#include "dialects/messaging/messaging.h"

#include <algorithm>

#include "base/log.h"
#include "dialects/messaging/call.h"
#include "dialects/messaging/figures.h"
#include "dialects/messaging/keys.h"
#include "dialects/messaging/session.h"
#include "dialects/shell/shell.h"

namespace parley::messaging {
namespace {

Routes all_routes() {
  Routes routes;
  add_people_routes(routes);
  add_conversation_routes(routes);
  add_message_routes(routes);
  add_file_routes(routes);
  return routes;
}

constexpr std::uint16_t close_slow = 1008;
constexpr std::uint32_t frames_waiting = 256;  // for one connection

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
        cors_(shared.origins),
        routes_(all_routes()) {
    auto stopped = [this](const UserId& user, const ConversationId& where) {
      auto told = [pass = door_.commands.enter()](const auto& /*done*/) {};
      spawn(door_.engine.typing(door_.caller(user), where, false), std::move(told));
    };
    door_.typing = std::make_unique<shell::TypingEnds>(loop, typing_lasts, std::move(stopped));
    door_.policy.name_max = 255;
    door_.policy.group_size = members_max;
    door_.policy.a_key_is_enough = true;
    door_.policy.reaction_max = 50;
    door_.policy.strangers_are_told = true;
    door_.policy.last_message_lives = true;
    door_.policy.both_sides_update = true;
    door_.policy.direct_can_end = true;
    door_.policy.files = engine::Policy::Files::own_and_fresh;
  }

  Task<net::Response> handle(net::Request& request) override {
    auto pass = door_.commands.enter();
    net::Response response;
    if (auto preflight = cors_.preflight(request)) {
      response = std::move(*preflight);
    } else {
      response = co_await answer(request);
      cors_.allow(request, response);
    }
    co_return finished(std::move(response), request);
  }

  Task<net::Upgrade> upgrade(net::Request& request) override {
    auto pass = door_.commands.enter();
    net::Upgrade upgrade;
    const std::string& there = door_.shared.websocket_path;
    auto who = request.path == there
                   ? who_connects(request)
                   : Result<Identified>(fail(Code::not_found, "the WebSocket is at " + there));
    if (!who) {
      upgrade.refused = finished(refusal(who.error()), request);
      co_return upgrade;
    }
    auto met = co_await door_.shared.profiles->met(door_.engine, door_.caller(who->user),
                                                   std::move(who->claims));
    if (met)
      upgrade.handler = make_session(door_, std::move(who->user), who->expires);
    else
      upgrade.refused = finished(refusal(met.error()), request);
    upgrade.message_bytes = door_.shared.frame_bytes;
    upgrade.slow_code = close_slow;
    upgrade.queue_frames = frames_waiting;
    co_return upgrade;
  }

  net::Response refuse(const Error& error) override { return finished(refusal(error), {}); }

  bool takes_pieces(const net::Request& head) const override { return takes_a_file(head); }

  void drain(std::chrono::milliseconds /*spread*/) override { door_.commands.close(); }
  void let_go(double share) override { shell::let_go(door_.sessions, share, door_.random); }
  [[nodiscard]] std::size_t busy() const override { return door_.commands.inside(); }

 private:
  Result<Identified> who_connects(const net::Request& request) const {
    if (!cors_.lets_in(request)) return fail(Code::forbidden, "this origin may not connect");
    return identify(door_, request);
  }

  Task<net::Response> answer(net::Request& request) {
    if (request.path == door_.shared.websocket_path) {
      auto who = who_connects(request);
      co_return refusal(who ? rest::no_upgrade() : who.error());
    }
    auto match = routes_.find(request.method, request.path);
    if (!match) co_return rest::unrouted(match.error(), refusal);
    Call call{.door = door_, .request = request, .params = std::move(match->params), .user = {}};
    if (match->target->access == Access::open) {
      auto answered = co_await match->target->run(call);
      co_return answered ? std::move(*answered) : refusal(answered.error());
    }
    auto who = identify(door_, request);
    if (!who) co_return refusal(who.error());
    call.user = who->user;
    const auto verdict =
        door_.shared.requests->take(call.user.text, door_.engine.clock().instant());
    if (!verdict.allowed)
      co_return limits_shown(
          refusal({Code::rate_limited, "too many requests; wait a moment", verdict.until_next}),
          verdict);
    auto met =
        co_await door_.shared.profiles->met(door_.engine, call.caller(), std::move(who->claims));
    auto answered = met ? co_await match->target->run(call) : Answer(std::unexpected(met.error()));
    if (!answered && http_status(answered.error().code) >= 500)
      log::warn("a request failed",
                {{"code", name_of(answered.error().code)}, {"path", request.path}});
    co_return limits_shown(answered ? std::move(*answered) : refusal(answered.error()), verdict);
  }

  // What every answer has.
  net::Response finished(net::Response response, const net::Request& request) {
    constexpr const char* types = "X-Content-Type-Options";  // a file says so by itself
    if (std::ranges::find(response.headers, types, &net::Header::name) == response.headers.end())
      response.with(types, "nosniff");
    response.with("X-Request-ID", rest::request_id_of(request, door_.random));
    return response;
  }

  net::Response limits_shown(net::Response response, const RateLimiter::Verdict& verdict) {
    rest::show_limits(response, verdict, door_.engine.clock().now());
    return response;
  }

  messaging::Door door_;
  rest::Cors cors_;
  Routes routes_;
};

}  // namespace

Result<Identified> identify(const Door& door, const net::Request& request) {
  constexpr std::string_view scheme = "Bearer ";
  std::string token;
  if (auto header = request.header("Authorization"))
    token = header->starts_with(scheme) ? header->substr(scheme.size()) : std::string_view{};
  else if (auto query = request.query.get("token"); query && request.header("Upgrade"))
    token = *query;
  if (token.empty()) return fail(Code::unauthorized, "a token is required: Bearer TOKEN");
  TRY(identity, door.shared.verifier->verify(token, door.engine.clock().now(), door.shared.rules));
  auto user = read_uuid(identity.user);
  if (!user || user->find_first_not_of("0-") == std::string::npos)
    return fail(Code::unauthorized, "the token's user must be a UUID");
  return Identified{UserId{std::move(*user)}, std::move(identity.texts), identity.expires};
}

std::unique_ptr<rest::Door> make_messaging(net::Loop& loop, engine::Engine& engine, Random& random,
                                           const Shared& shared) {
  show_all_figures();
  return std::make_unique<Handler>(loop, engine, random, shared);
}

}  // namespace parley::messaging
