// dialects/messaging: the wire of the Messaging Service.
//
// Knows:     its routes, frames and defaults; how people are shown (profiles.h).
// Does not:  rules (engine: what differs is in Policy), other dialects.
// In:        requests and frames from net.   Out: commands to the engine; events as frames.
// Lives on:  one door per loop; Shared is for all of them.
// Failing:   {"error":…,"code":…} with the HTTP status of the kind, or an error frame.
// Start at:  Session::take() in session.cpp; the routes in rest_*.cpp. The contract: docs/wires/messaging.md.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "base/rate_limit.h"
#include "dialects/messaging/profiles.h"
#include "dialects/rest/door.h"
#include "engine/engine.h"
#include "files/files.h"
#include "hub/presence.h"
#include "identity/verifier.h"
#include "net/loop.h"

namespace parley::messaging {

// Of documents that are one user's own.
inline constexpr std::array personal_spaces{"messaging.profiles", "messaging.seen"};

class Keys;

// What all loops share.
struct Shared {
  std::shared_ptr<identity::Verifier> verifier;
  identity::Rules rules{.admin_flag = {},
                        .user_claims = {"user_id", "sub"},
                        .texts = {"username", "email", "display_name", "avatar_url"},
                        .require_expiry = true,
                        .number_is_user = false};
  std::shared_ptr<RateLimiter> requests, frames;
  std::shared_ptr<hub::Presence> presence;
  std::shared_ptr<Profiles> profiles;
  std::vector<std::string> origins{"*"};
  bool legacy_receipts = false;  // message.read_receipt in place of message.read
  std::shared_ptr<files::Shelf> shelf;
  std::uint64_t file_bytes_max = 10 * 1024 * 1024;
  std::function<bool()> events_flow;  // whether the broker takes events; empty: there is none
  std::shared_ptr<Keys> keys;         // what is kept in Redis; empty: nothing is
  std::string websocket_path = "/ws";
  std::size_t frame_bytes = 512 * 1024;
};

[[nodiscard]] std::unique_ptr<rest::Door> make_messaging(net::Loop& loop, engine::Engine& engine,
                                                         Random& random, const Shared& shared);

}  // namespace parley::messaging
