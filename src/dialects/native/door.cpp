#include "dialects/native/door.h"

#include "engine/decide.h"

namespace parley::native {
namespace {

constexpr std::string_view bearer_protocol = "bearer.";

// Browsers can't set headers for a WebSocket, so a token also comes as ?token= or among the subprotocols.
std::optional<std::string> token_in_handshake(const net::Request& request) {
  if (auto token = request.query.get("token")) return std::string(*token);
  auto protocols = request.header("Sec-WebSocket-Protocol");
  if (!protocols) return std::nullopt;
  for (std::string_view left = *protocols; !left.empty();) {
    auto comma = left.find(',');
    std::string_view one = left.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.starts_with(bearer_protocol)) return std::string(one.substr(bearer_protocol.size()));
    if (comma == std::string_view::npos) break;
    left.remove_prefix(comma + 1);
  }
  return std::nullopt;
}

std::optional<std::string> token_of(const net::Request& request) {
  if (auto header = request.header("Authorization")) {
    constexpr std::string_view scheme = "bearer ";
    if (header->size() <= scheme.size()) return std::nullopt;
    for (std::size_t i = 0; i < scheme.size(); ++i)
      if (std::tolower(static_cast<unsigned char>((*header)[i])) != scheme[i]) return std::nullopt;
    return std::string(header->substr(scheme.size()));
  }
  return request.header("Upgrade") ? token_in_handshake(request) : std::nullopt;
}

engine::Rank rank_of(identity::TokenRole role) {
  switch (role) {
    case identity::TokenRole::service:
      return engine::Rank::service;
    case identity::TokenRole::admin:
      return engine::Rank::admin;
    case identity::TokenRole::user:
      break;
  }
  return engine::Rank::user;
}

}  // namespace

Result<identity::Identity> verify(Door& door, std::string_view token) {
  return door.shared.verifier->verify(token, door.engine.clock().now(), door.shared.rules);
}

Result<Identified> identify(Door& door, const net::Request& request) {
  auto token = token_of(request);
  if (!token) return fail(Code::unauthorized, "give a token as Authorization: Bearer <JWT>");
  TRY(identity, verify(door, *token));
  Identified who{{UserId{std::move(identity.user)},
                  rank_of(identity.role),
                  {door.loop.index(), 0},
                  &door.policy},
                 identity.expires};
  auto act_as = request.header("X-Act-As");
  if (!act_as) return who;
  if (who.caller.rank != engine::Rank::service)
    return fail(Code::forbidden, "X-Act-As is for tokens with the role service");
  if (!engine::valid_user_id(*act_as))
    return fail(Code::bad_request, "X-Act-As must be 1 to 128 bytes of printable UTF-8");
  who.caller.user = UserId{std::string(*act_as)};
  return who;
}

RateLimiter::Verdict spend(Door& door, const UserId& user) {
  return door.shared.limiter->take(user.text, door.engine.clock().instant());
}

Error too_many(const RateLimiter::Verdict& verdict) {
  return {Code::rate_limited,
          "this user has sent more than " + std::to_string(verdict.limit) + " commands at once",
          verdict.until_next};
}

Result<std::optional<Cursor>> cursor_of(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  auto cursor = Cursor::parse(*text);
  if (!cursor) return fail(Code::bad_request, "cursor must be one that this server gave");
  return cursor;
}

}  // namespace parley::native
