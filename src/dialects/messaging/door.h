// What the parts of this dialect share on one loop.
#pragma once

#include <unordered_set>

#include "base/gate.h"
#include "dialects/messaging/messaging.h"
#include "dialects/rest/uuid.h"
#include "dialects/shell/typing.h"

namespace parley::messaging {

class Session;

struct Door {
  net::Loop& loop;
  engine::Engine& engine;
  Random& random;
  Shared shared;
  engine::Policy policy;
  std::unordered_set<Session*> sessions;
  Gate commands;  // every command under way
  std::unique_ptr<shell::TypingEnds> typing{};

  [[nodiscard]] engine::Caller caller(UserId user, Origin origin = {}) const {
    return {std::move(user), engine::Rank::user, origin, &policy};
  }
};

struct Identified {
  UserId user;
  std::map<std::string, std::string> claims;
  std::optional<Time> expires;
};
[[nodiscard]] Result<Identified> identify(const Door& door, const net::Request& request);

using rest::read_uuid;

}  // namespace parley::messaging
