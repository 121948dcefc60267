// dialects/pulse: the wire of Pulse's messaging service.
//
// Knows:     its routes, frames and defaults.
// Does not:  rules (engine: what differs is in Policy), other dialects.
// In:        requests and frames from net.   Out: commands to the engine; events as frames.
// Lives on:  one door per loop; Shared is for all of them.
// Failing:   {"error":…} with the HTTP status of the kind, or an error frame.
// Start at:  Session::take() in session.cpp; the routes in rest_*.cpp. The contract: docs/wires/pulse.md.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "base/rate_limit.h"
#include "dialects/pulse/cache.h"
#include "dialects/pulse/presence_keys.h"
#include "dialects/pulse/users.h"
#include "dialects/rest/door.h"
#include "dialects/shell/headcount.h"
#include "engine/engine.h"
#include "hub/presence.h"
#include "identity/verifier.h"
#include "net/loop.h"

namespace parley::pulse {

// Of documents that are one user's own.
inline constexpr std::array personal_spaces{users_space};

// What all loops share.
struct Shared {
  std::shared_ptr<identity::Verifier> verifier;
  identity::Rules rules{.admin_flag = {},
                        .user_claims = {"userId", "id", "sub", "user_id"},
                        .texts = {},
                        .require_expiry = true,
                        .number_is_user = false};
  std::shared_ptr<RateLimiter> requests;
  std::shared_ptr<hub::Presence> presence;
  std::shared_ptr<shell::Headcount> sockets;
  std::vector<std::string> origins{"*"};
  std::size_t sockets_max = 20;  // of one user
  std::string store_kind;        // shown by /ready
  std::shared_ptr<Users> users;
  std::shared_ptr<Cache> cache;
  std::shared_ptr<PresenceKeys> keys;  // where there is a Redis
  std::function<bool()> events_flow;   // whether the broker takes them; empty: there is none
};

[[nodiscard]] std::unique_ptr<rest::Door> make_pulse(net::Loop& loop, engine::Engine& engine,
                                                     Random& random, const Shared& shared);

}  // namespace parley::pulse
