#include "dialects/native/native.h"

#include <algorithm>
#include <random>

#include "base/log.h"
#include "dialects/native/call.h"
#include "dialects/native/once.h"
#include "dialects/native/session.h"

namespace parley::native {
namespace {

Routes all_routes() {
  Routes routes;
  add_system_routes(routes);
  add_conversation_routes(routes);
  add_member_routes(routes);
  add_message_routes(routes);
  add_addition_routes(routes);
  add_admin_routes(routes);
  add_notification_routes(routes);
  add_people_routes(routes);
  add_file_routes(routes);
  add_export_routes(routes);
  add_profile_routes(routes);
  add_search_routes(routes);
  add_sync_routes(routes);
  return routes;
}

void add_rate_headers(net::Response& response, const RateLimiter::Verdict& verdict) {
  if (verdict.limit == 0) return;
  auto seconds = std::chrono::ceil<std::chrono::seconds>(verdict.until_full).count();
  response.with("RateLimit-Limit", std::to_string(verdict.limit));
  response.with("RateLimit-Remaining", std::to_string(verdict.remaining));
  response.with("RateLimit-Reset", std::to_string(seconds));
}

class Handler final : public rest::Door {
 public:
  Handler(net::Loop& loop, engine::Engine& engine, Random& random, const Shared& shared)
      : door_{.loop = loop,
              .engine = engine,
              .random = random,
              .shared = shared,
              .cors = rest::Cors(shared.cors_origins),
              .policy = {},
              .sessions = {},
              .met = {},
              .commands = {}},
        routes_(all_routes()) {}

  Task<net::Response> handle(net::Request& request) override {
    auto pass = door_.commands.enter();
    const std::string request_id = rest::request_id_of(request, door_.random);
    net::Response response;
    if (auto preflight = door_.cors.preflight(request)) {
      response = std::move(*preflight);
    } else {
      response = co_await answer(request, request_id);
      door_.cors.allow(request, response);
    }
    response.with("X-Request-Id", request_id);
    co_return response;
  }

  Task<net::Upgrade> upgrade(net::Request& request) override {
    net::Upgrade upgrade;
    const std::string request_id = rest::request_id_of(request, door_.random);
    auto who = request.path == "/v1/ws"
                   ? identify(door_, request)
                   : Result<Identified>(fail(Code::not_found, "the WebSocket is at /v1/ws"));
    if (!who) {
      upgrade.refused = problem(who.error(), request_id).with("X-Request-Id", request_id);
      co_return upgrade;
    }
    if (rest::offers_subprotocol(request, "parley.v1")) upgrade.subprotocol = "parley.v1";
    upgrade.headers.push_back({"X-Request-Id", request_id});
    upgrade.handler = make_session(door_, std::move(*who));
    co_return upgrade;
  }

  net::Response refuse(const Error& error) override {
    net::Request none;
    std::string request_id = rest::request_id_of(none, door_.random);
    net::Response response = problem(error, request_id);
    return response.with("X-Request-Id", request_id);
  }

  bool takes_pieces(const net::Request& head) const override { return takes_a_file(head); }

  void drain(std::chrono::milliseconds spread) override {
    door_.commands.close();
    // Not every client throws dice of its own, and all at once would be a storm for the nodes that stay.
    std::minstd_rand dice(static_cast<std::uint32_t>(door_.random.next()));
    std::uniform_int_distribution<std::int64_t> moment(0, spread.count());
    for (Session* session : door_.sessions) session->drain(std::chrono::milliseconds{moment(dice)});
  }
  void let_go(double /*share*/) override {}

  [[nodiscard]] std::size_t busy() const override { return door_.commands.inside(); }

 private:
  Task<net::Response> answer(net::Request& request, const std::string& request_id) {
    auto match = routes_.find(request.method, request.path);
    if (!match) {
      net::Response response = problem(match.error(), request_id);
      if (match.error().code == Code::method_not_allowed)
        response.with("Allow", match.error().detail);
      co_return response;
    }
    Call call{.door = door_, .request = request, .params = std::move(match->params), .caller = {}};
    RateLimiter::Verdict verdict;
    auto refused = match->target->access == Access::open ? Result<void>{} : admit(call, verdict);
    if (refused) refused = no_zero_bytes(call);
    net::Response response;
    if (!refused) {
      response = problem(refused.error(), request_id);
    } else {
      auto answered = co_await run(call, *match->target);
      if (!answered) log_refusal(answered.error(), request, request_id);
      response = answered ? std::move(*answered) : problem(answered.error(), request_id);
    }
    add_rate_headers(response, verdict);
    co_return response;
  }

  // No name and no text that is kept has one, and stores take none.
  static Result<void> no_zero_bytes(const Call& call) {
    const auto has_one = [](const std::string& text) { return text.contains('\0'); };
    if (std::ranges::any_of(call.params, has_one))
      return fail(Code::not_found, "nothing has U+0000 in its name");
    for (const auto& [name, value] : call.request.query.all())
      if (has_one(value)) return fail(Code::bad_request, name + " contains U+0000");
    return {};
  }

  Result<void> admit(Call& call, RateLimiter::Verdict& verdict) {
    TRY(who, identify(door_, call.request));
    call.caller = std::move(who.caller);
    verdict = spend(door_, call.caller.user);
    if (!verdict.allowed) return std::unexpected(too_many(verdict));
    return {};
  }

  static void log_refusal(const Error& error, const net::Request& request,
                          const std::string& request_id) {
    if (http_status(error.code) < 500) return;
    log::warn("a request failed", {{"code", name_of(error.code)},
                                   {"method", request.method},
                                   {"path", request.path},
                                   {"detail", error.detail},
                                   {"request_id", request_id}});
  }

  native::Door door_;
  Routes routes_;
};

}  // namespace

std::unique_ptr<rest::Door> make_native(net::Loop& loop, engine::Engine& engine, Random& random,
                                        const Shared& shared) {
  return std::make_unique<Handler>(loop, engine, random, shared);
}

}  // namespace parley::native
