// What the parts of this dialect share on one loop.
#pragma once

#include <string>
#include <unordered_set>

#include "base/gate.h"
#include "base/random.h"
#include "dialects/native/native.h"
#include "dialects/rest/rest.h"
#include "model/cursor.h"

namespace parley::native {

class Session;

// In whose words a call's signals are, and which of a user's sessions are to end.
inline constexpr const char* calls_space = "native.calls";
inline constexpr const char* sessions_space = "native.sessions";

struct Door {
  net::Loop& loop;
  engine::Engine& engine;
  Random& random;
  Shared shared;
  rest::Cors cors;
  engine::Policy policy;
  std::unordered_set<Session*> sessions;
  std::unordered_set<UserId> met;  // of whom the engine knows that they are there; some of them
  Gate commands;                   // every command under way
};

// Who calls: verified, and acting for whom they may act for.
struct Identified {
  engine::Caller caller;
  std::optional<Time> expires;
};
[[nodiscard]] Result<Identified> identify(Door& door, const net::Request& request);
[[nodiscard]] Result<identity::Identity> verify(Door& door, std::string_view token);

// Takes one command from the user's allowance; the verdict goes into the answer's headers.
[[nodiscard]] RateLimiter::Verdict spend(Door& door, const UserId& user);
[[nodiscard]] Error too_many(const RateLimiter::Verdict& verdict);

[[nodiscard]] Result<std::optional<Cursor>> cursor_of(std::optional<std::string_view> text);

}  // namespace parley::native
