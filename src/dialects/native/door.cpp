#include "dialects/native/door.h"

#include "dialects/rest/rest.h"
#include "engine/decide.h"

namespace parley::native {
namespace {

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
  auto token = rest::token_of(request);
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
  if (door.shared.bans->banned()->has(who.caller.user.text, door.engine.clock().now()))
    return fail(Code::revoked, "this user is banned from this server");
  return who;
}

RateLimiter::Verdict spend(Door& door, const UserId& user) {
  door.policy.recall_window = door.shared.live->recall_window;
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
