// dialects/echo: the wire of the Echo message service.
//
// Knows:     its routes, frames, envelope and defaults; which peers may name a caller by header.
// Does not:  rules (engine: what differs is in Policy), other dialects.
// In:        requests and frames from net.   Out: commands to the engine; events as frames.
// Lives on:  one door per loop; Shared is for all of them.
// Failing:   {"success":false,…,"error":{…}} with a code of its own, or an error frame.
// Start at:  Session::take() in session.cpp; the routes in rest_*.cpp. The contract: docs/wires/echo.md.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/rate_limit.h"
#include "dialects/rest/door.h"
#include "engine/engine.h"
#include "hub/presence.h"
#include "identity/verifier.h"
#include "net/loop.h"
#include "net/networks.h"
#include "outbox/sink.h"

namespace parley::echo {

// Where events go, by the names that this wire's neighbours know.
struct Topics {
  std::string messages = "messages", notifications = "notifications", analytics = "analytics";
};

// Of documents that are one user's own.
inline constexpr std::array personal_spaces{"echo.keys"};

class Keys;

// {"type":…,"payload":{…}}, or the payload's fields beside the type, as the original has it.
enum class FrameStyle : std::uint8_t { nested, flat };

// What all loops share.
struct Shared {
  std::shared_ptr<identity::Verifier> verifier;
  identity::Rules rules{.admin_flag = {},
                        .user_claims = {"sub", "user_id"},
                        .require_expiry = true,
                        .number_is_user = false,
                        .token_type = "access"};
  net::Networks trusted;  // whose X-User-ID is believed
  std::vector<std::string> cors_origins{"http://localhost:3000", "http://localhost:5173"};
  std::shared_ptr<RateLimiter> limiter;
  std::shared_ptr<hub::Presence> presence;
  std::function<bool()> events_flow;      // whether the broker takes them; empty: there is none
  std::function<void(outbox::Out)> push;  // hands on what passes; empty: nobody takes it
  Topics topics;
  bool analytics = false;      // who does what is told, too
  std::shared_ptr<Keys> keys;  // what is kept in Redis; empty: nothing is
  FrameStyle frame_style = FrameStyle::nested;
  std::size_t text_max = 10'000;
  std::size_t body_bytes = 10 * 1024 * 1024;
  std::size_t frame_bytes = 512 * 1024;
  std::uint32_t frames_waiting = 256;  // for one connection
  std::string version;
  Time started{};
};

[[nodiscard]] std::unique_ptr<rest::Door> make_echo(net::Loop& loop, engine::Engine& engine,
                                                    Random& random, const Shared& shared);

}  // namespace parley::echo
