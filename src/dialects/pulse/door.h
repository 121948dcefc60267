// What the parts of this dialect share on one loop.
#pragma once

#include <unordered_set>

#include "base/gate.h"
#include "dialects/pulse/pulse.h"

namespace parley::pulse {

class Session;

struct Door {
  net::Loop& loop;
  engine::Engine& engine;
  Random& random;
  Shared shared;
  engine::Policy policy;
  std::unordered_set<Session*> sessions;
  Gate commands;  // every command under way

  [[nodiscard]] engine::Caller caller(UserId user, Origin origin = {}) const {
    return {std::move(user), engine::Rank::user, origin, &policy};
  }
};

struct Identified {
  UserId user;
  std::optional<Time> expires;
};
[[nodiscard]] Result<Identified> identify(const Door& door, const net::Request& request);

}  // namespace parley::pulse
