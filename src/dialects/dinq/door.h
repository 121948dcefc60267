// What the parts of this dialect share on one loop.
#pragma once

#include <unordered_set>

#include "base/gate.h"
#include "dialects/dinq/dinq.h"

namespace parley::dinq {

class Session;

// In whose words a call's signals are.
inline constexpr const char* calls_space = "dinq.calls";

struct Door {
  net::Loop& loop;
  engine::Engine& engine;
  Random& random;
  Shared shared;
  engine::Policy policy;  // follows the live settings
  std::unordered_set<Session*> sessions;
  Gate commands;  // every command under way

  [[nodiscard]] engine::Caller caller(UserId user, Origin origin = {}) {
    policy = shared.settings->policy();
    return {std::move(user), engine::Rank::user, origin, &policy};
  }
};

// Whose token this is; the user's id in this wire's form.
struct Identified {
  UserId user;
  bool admin = false;
};
[[nodiscard]] Result<Identified> identify(Door& door, std::string_view token);

}  // namespace parley::dinq
