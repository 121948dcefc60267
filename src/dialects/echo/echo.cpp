#include "dialects/echo/echo.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "dialects/echo/call.h"
#include "dialects/echo/figures.h"
#include "dialects/echo/keys.h"
#include "dialects/echo/session.h"
#include "dialects/echo/told.h"
#include "dialects/shell/shell.h"

namespace parley::echo {
namespace {

Routes all_routes() {
  Routes routes;
  add_system_routes(routes);
  add_conversation_routes(routes);
  add_addition_routes(routes);  // its fixed words come before the ids of messages
  add_message_routes(routes);
  return routes;
}

void write_error(JsonWriter& json, const Error& error, Time now) {
  const Kind kind = kind_of(error);
  const auto field = field_of(error);
  const std::string text = field                  ? field->message
                           : error.detail.empty() ? std::string(title_of(error.code))
                                                  : error.detail;
  json.key("error");
  json.open();
  json.field("code", kind.code);
  json.field("type", kind.type);
  json.field("message", text);
  json.field("description", title_of(error.code));
  if (field) {
    json.key("fields");
    json.open_list();
    json.open();
    json.field("field", field->field);
    json.field("message", field->message);
    json.field("code", field->code);
    json.field("value", field->value);
    json.close();
    json.close_list();
  }
  json.field("timestamp", now);
  json.close();
}

constexpr std::chrono::seconds typing_lasts{10};
constexpr std::uint16_t close_slow = 1008;

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
        cors_(shared.cors_origins),
        routes_(all_routes()) {
    door_.policy.only_text_needs_text = true;
    door_.policy.text_max = door_.policy.sealed_max = shared.text_max;
    door_.policy.name_max = 255;
    door_.policy.group_size = participants_max;
    door_.policy.a_key_is_enough = true;
    door_.policy.strangers_are_told = true;
    door_.policy.equals_are_untouchable = true;
    door_.policy.last_message_lives = true;
    door_.policy.only_senders_delete = true;
    door_.policy.same_text_is_no_edit = true;
    door_.policy.only_owners_retain = true;
    cors_.own_headers(
        "X-User-ID, X-Session-ID, X-Session-Token, X-Device-ID, X-Platform, X-App-Version",
        "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset");
    auto stopped = [this](const UserId& user, const ConversationId& where) {
      auto told = [pass = door_.commands.enter()](const auto& /*done*/) {};
      spawn(door_.engine.typing(door_.caller(user), where, false), std::move(told));
    };
    door_.typing = std::make_unique<shell::TypingEnds>(loop, typing_lasts, std::move(stopped));
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
    co_return response;
  }

  Task<net::Upgrade> upgrade(net::Request& request) override {
    net::Upgrade upgrade;
    auto who = is_of_sockets(request.path)
                   ? who_connects(request)
                   : Result<UserId>(fail(Code::not_found, "the WebSocket is at /ws"));
    if (who)
      upgrade.handler = make_session(door_, std::move(*who), device_of(request));
    else
      upgrade.refused = refusal(who.error(), request, {});
    upgrade.message_bytes = door_.shared.frame_bytes;
    upgrade.slow_code = close_slow;
    upgrade.queue_frames = door_.shared.frames_waiting;
    co_return upgrade;
  }

  [[nodiscard]] std::size_t body_bytes(const net::Request& /*head*/) const override {
    return door_.shared.body_bytes;
  }

  net::Response refuse(const Error& error) override {
    const net::Request none;
    return refusal(error, none, {});
  }

  void drain(std::chrono::milliseconds /*spread*/) override { door_.commands.close(); }
  void let_go(double share) override { shell::let_go(door_.sessions, share, door_.random); }
  [[nodiscard]] std::size_t busy() const override { return door_.commands.inside(); }

 private:
  static bool is_of_sockets(std::string_view path) {
    return path == "/ws" || path == "/api/v1/messages/ws";
  }
  Result<UserId> who_connects(const net::Request& request) const {
    if (!cors_.lets_in(request)) return fail(Code::forbidden, "this origin may not connect");
    return identify(door_, request);
  }

  Task<net::Response> answer(net::Request& request) {
    const Instant begun = door_.engine.clock().instant();
    if (is_of_sockets(request.path)) {
      auto who = who_connects(request);
      co_return refusal(who ? rest::no_upgrade() : who.error(), request, {}, begun);
    }
    auto match = routes_.find(request.method, request.path);
    if (!match)
      co_return rest::unrouted(
          match.error(), [&](const Error& error) { return refusal(error, request, {}, begun); });
    Call call{.door = door_, .request = request, .params = std::move(match->params), .user = {}};
    RateLimiter::Verdict verdict;
    if (auto admitted = admit(call, match->target->access, verdict); !admitted)
      co_return limits_shown(refusal(admitted.error(), request, call.user, begun), verdict);
    auto answered = co_await match->target->run(call);
    if (answered && !answered->plain.empty()) {
      net::Response response;
      response.body = std::move(answered->plain);
      response.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      co_return response;
    }
    if (answered) co_return limits_shown(envelope(*answered, request, call.user, begun), verdict);
    if (kind_of(answered.error()).status >= 500)
      log::warn("a request failed",
                {{"code", name_of(answered.error().code)}, {"path", request.path}});
    co_return limits_shown(refusal(answered.error(), request, call.user, begun), verdict);
  }

  Result<void> admit(Call& call, Access access, RateLimiter::Verdict& verdict) {
    if (access == Access::open) return {};
    TRY(who, identify(door_, call.request));
    call.user = std::move(who);
    verdict = door_.shared.limiter->take(call.user.text, door_.engine.clock().instant());
    if (door_.shared.keys) door_.shared.keys->asked(call.user, verdict);
    if (!verdict.allowed)
      return std::unexpected(
          Error{Code::rate_limited, "too many requests; wait a moment", verdict.until_next});
    return {};
  }

  net::Response limits_shown(net::Response response, const RateLimiter::Verdict& verdict) {
    rest::show_limits(response, verdict, door_.engine.clock().now());
    return response;
  }

  net::Response envelope(const Reply& reply, const net::Request& request, const UserId& user,
                         Instant begun) {
    std::string body;
    JsonWriter json(body);
    json.open();
    json.field("success", true);
    json.field("message", reply.message);
    if (!reply.data.empty()) json.raw_field("data", reply.data);
    return finish(std::move(body), reply.status, request, user, begun);
  }

  net::Response refusal(const Error& error, const net::Request& request, const UserId& user,
                        std::optional<Instant> begun = {}) {
    std::string body;
    JsonWriter json(body);
    json.open();
    json.field("success", false);
    const auto field = field_of(error);
    json.field("message", field                  ? field->message
                          : error.detail.empty() ? std::string(title_of(error.code))
                                                 : error.detail);
    write_error(json, error, door_.engine.clock().now());
    net::Response response = finish(std::move(body), kind_of(error).status, request, user,
                                    begun.value_or(door_.engine.clock().instant()));
    rest::say_when_again(response, error);
    return response;
  }

  // The rest of the envelope is the same for good and bad.
  net::Response finish(std::string body, unsigned status, const net::Request& request,
                       const UserId& user, Instant begun) {
    const std::string request_id = rest::request_id_of(request, door_.random);
    const Time now = door_.engine.clock().now();
    const double took =
        std::chrono::duration<double, std::milli>(door_.engine.clock().instant() - begun).count();
    body += ',';
    std::string metadata;
    JsonWriter json(metadata);
    json.open();
    json.field("request_id", request_id);
    json.field("timestamp", now);
    json.field("timestamp_unix",
               std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
    json.field("duration", std::to_string(took) + "ms");
    json.field("duration_ms", took);
    json.field("method", request.method);
    json.field("path", request.path);
    json.field("status_code", status);
    json.field("service", "message-service");
    json.field("version", door_.shared.version);
    json.field("environment", "production");
    if (!user.empty()) json.field("user_id", user.text);
    json.close();
    body += "\"metadata\":" + metadata + "}";
    net::Response response;
    response.status = status;
    response.body = std::move(body);
    response.with("Content-Type", "application/json; charset=utf-8");
    response.with("X-Content-Type-Options", "nosniff");
    response.with("X-Request-ID", request_id);
    return response;
  }

  echo::Door door_;
  rest::Cors cors_;
  Routes routes_;
};

constexpr std::array platforms{"ios", "android", "web"};
constexpr std::size_t device_bytes_max = 128;

std::unexpected<Error> nobody(std::string why) { return fail(Code::unauthorized, std::move(why)); }

Result<std::optional<UserId>> by_token(const Door& door, const net::Request& request) {
  std::string token;
  if (auto header = request.header("Authorization")) {
    constexpr std::string_view scheme = "Bearer ";
    if (!header->starts_with(scheme))
      return nobody("the Authorization header must be: Bearer TOKEN");
    token = header->substr(scheme.size());
  } else if (auto query = request.query.get("token"); query && request.header("Upgrade")) {
    token = *query;
  } else {
    return std::nullopt;
  }
  TRY(identity, door.shared.verifier->verify(token, door.engine.clock().now(), door.shared.rules));
  auto uuid = read_uuid(identity.user);
  if (!uuid) return nobody("the token's user must be a UUID");
  return UserId{std::move(*uuid)};
}

Result<std::optional<UserId>> by_header(const Door& door, const net::Request& request) {
  auto header = request.header("X-User-ID");
  if (!header || !door.shared.trusted.contains(request.peer_address)) return std::nullopt;
  auto uuid = read_uuid(*header);
  if (!uuid) return nobody("X-User-ID must be a UUID");
  return UserId{std::move(*uuid)};
}

}  // namespace

Result<UserId> identify(const Door& door, const net::Request& request) {
  TRY(token, by_token(door, request));
  TRY(header, by_header(door, request));
  if (token && header && *token != *header)
    return nobody("the token and X-User-ID name different users");
  if (token) return std::move(*token);
  if (header) return std::move(*header);
  return nobody("authentication is required");
}

Device device_of(const net::Request& request) {
  auto said = [&](std::string_view header, std::string_view query) {
    std::string text(
        request.header(header).value_or(request.query.get(query).value_or(std::string_view{})));
    text.resize(std::min(text.size(), device_bytes_max));
    return simdjson::validate_utf8(text.data(), text.size()) ? text : std::string{};
  };
  Device device;
  if (std::string id = said("X-Device-ID", "device_id"); !id.empty()) device.id = std::move(id);
  if (std::string platform = said("X-Platform", "platform");
      std::ranges::find(platforms, platform) != platforms.end())
    device.platform = std::move(platform);
  device.app_version = said("X-App-Version", "app_version");
  return device;
}

void Door::analyse(std::string_view event, const UserId& user, const Device& device,
                   const ConversationId& where, const MessageId& message) const {
  if (!shared.analytics || !shared.push) return;
  shared.push(analytics_told(
      shared.topics,
      {.event = event, .user = user, .device = device, .where = where, .message = message},
      engine.fresh_key(), engine.clock().now()));
}

std::unique_ptr<rest::Door> make_echo(net::Loop& loop, engine::Engine& engine, Random& random,
                                      const Shared& shared) {
  show_all_figures();
  return std::make_unique<Handler>(loop, engine, random, shared);
}

}  // namespace parley::echo
