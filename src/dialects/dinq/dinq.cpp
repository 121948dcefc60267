#include "dialects/dinq/dinq.h"

#include "base/log.h"
#include "dialects/dinq/call.h"
#include "dialects/dinq/names.h"
#include "dialects/dinq/notifications.h"
#include "dialects/dinq/session.h"
#include "dialects/shell/shell.h"

namespace parley::dinq {
namespace {

constexpr std::string_view no_user = "00000000-0000-0000-0000-000000000000";

Routes all_routes() {
  Routes routes;
  add_system_routes(routes);
  add_list_routes(routes);
  add_conversation_routes(routes);
  add_group_routes(routes);
  add_message_routes(routes);
  add_file_routes(routes);
  add_people_routes(routes);
  add_notification_routes(routes);
  add_admin_routes(routes);
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
        routes_(all_routes()) {}

  Task<net::Response> handle(net::Request& request) override {
    auto pass = door_.commands.enter();
    net::Response response;
    if (auto preflight = cors_.preflight(request)) {
      response = std::move(*preflight);
    } else {
      response = co_await answer(request);
      cors_.allow(request, response);
    }
    co_return response;
  }

  Task<net::Upgrade> upgrade(net::Request& request) override {
    net::Upgrade upgrade;
    auto who = request.path == "/ws"
                   ? who_connects(request)
                   : Result<UserId>(fail(Code::not_found, "the WebSocket is at /ws"));
    if (who)
      upgrade.handler = make_session(door_, std::move(*who));
    else
      upgrade.refused = refusal(who.error());
    co_return upgrade;
  }

  net::Response refuse(const Error& error) override { return refusal(error); }

  bool takes_pieces(const net::Request& head) const override { return takes_a_file(head); }

  void drain(std::chrono::milliseconds /*spread*/) override { door_.commands.close(); }
  void let_go(double share) override { shell::let_go(door_.sessions, share, door_.random); }
  [[nodiscard]] std::size_t busy() const override { return door_.commands.inside(); }

 private:
  Task<net::Response> answer(net::Request& request) {
    if (request.path == "/ws") {
      auto who = who_connects(request);
      co_return refusal(who ? rest::no_upgrade() : who.error());
    }
    auto match = routes_.find(request.method, request.path);
    if (!match) co_return rest::unrouted(match.error(), refusal);
    Call call{.door = door_, .request = request, .params = std::move(match->params), .user = {}};
    if (auto admitted = admit(call, match->target->access); !admitted)
      co_return refusal(admitted.error());
    auto answered = co_await match->target->run(call);
    if (answered) co_return std::move(*answered);
    if (http_status(answered.error().code) >= 500)
      log::warn("a request failed",
                {{"code", name_of(answered.error().code)}, {"path", request.path}});
    co_return refusal(answered.error());
  }

  Result<UserId> who_connects(const net::Request& request) {
    auto token = request.query.get("token");
    if (!token || token->empty()) return fail(Code::unauthorized, "missing token");
    auto who = identify(door_, *token);
    if (!who) return fail(Code::unauthorized, "invalid token");
    return std::move(who->user);
  }

  Result<void> admit(Call& call, Access access) {
    if (access == Access::open) return {};
    auto header = call.request.header("Authorization");
    if (!header || header->empty()) return fail(Code::unauthorized, "missing authorization header");
    std::string_view token = *header;
    constexpr std::string_view scheme = "Bearer ";
    if (token.starts_with(scheme))
      token.remove_prefix(scheme.size());
    else if (token.find(' ') != std::string_view::npos)
      return fail(Code::unauthorized, "invalid authorization header");
    auto who = identify(door_, token);
    if (!who) return fail(Code::unauthorized, "invalid token");
    if (access == Access::admin && !who->admin)
      return fail(Code::forbidden, "admin permission required");
    call.user = std::move(who->user);
    return {};
  }

  dinq::Door door_;
  rest::Cors cors_{{"*"}};
  Routes routes_;
};

}  // namespace

Result<Identified> identify(Door& door, std::string_view token) {
  TRY(identity, door.shared.verifier->verify(token, door.engine.clock().now(), door.shared.rules));
  auto user = read_uuid(identity.user);
  if (!user || *user == no_user) return fail(Code::unauthorized, "invalid token");
  const bool admin = identity.role == identity::TokenRole::admin || door.shared.admin_open ||
                     door.shared.admins.contains(*user);
  return Identified{UserId{std::move(*user)}, admin};
}

std::unique_ptr<rest::Door> make_dinq(net::Loop& loop, engine::Engine& engine, Random& random,
                                      const Shared& shared) {
  return std::make_unique<Handler>(loop, engine, random, shared);
}

}  // namespace parley::dinq
