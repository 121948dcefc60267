// dialects/native: the engine's own wire, under /v1.
//
// Knows:     its routes, frames, names and error form; who the caller is (by token).
// Does not:  rules (engine), storage, other dialects.
// In:        requests and frames from net.   Out: commands to the engine; events as frames, each encoded once per loop.
// Lives on:  one door per loop.
// Failing:   every refusal is a problem+json or an error frame with one of base/codes.def.
// Start at:  routes() in rest_*.cpp; Session in session.h. The contract: docs/wires/native.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rate_limit.h"
#include "dialects/filing/filing.h"
#include "dialects/native/bans.h"
#include "dialects/native/devices.h"
#include "dialects/rest/door.h"
#include "engine/engine.h"
#include "hub/presence.h"
#include "identity/verifier.h"
#include "net/http.h"
#include "net/loop.h"

namespace parley::native {

// Of documents that are one user's own.
inline constexpr std::array personal_spaces{"profiles", "keys", "presence", "notifications"};

// One option that this process runs with.
struct Setting {
  std::string key;
  std::optional<std::string> value;  // none: it is, or may hold, a secret
  bool live = false;                 // can change while it runs
};

// What all loops share.
struct Shared {
  std::shared_ptr<identity::Verifier> verifier;
  identity::Rules rules;
  std::shared_ptr<RateLimiter> limiter;
  std::vector<std::string> cors_origins{"*"};
  std::shared_ptr<hub::Presence> presence = std::make_shared<hub::Presence>();
  std::chrono::seconds heartbeat{25};
  std::chrono::milliseconds token_grace{50'000};  // how long a socket outlives its token
  std::size_t message_bytes = 1024 * 1024;
  std::shared_ptr<Devices> devices = std::make_shared<Devices>();
  std::shared_ptr<Bans> bans = std::make_shared<Bans>();
  std::vector<std::string> personal_spaces;  // of documents, at any door, that go with their user
  std::shared_ptr<files::Shelf> shelf;
  filing::Limits file_limits{.bytes = 10 * 1024 * 1024, .video_bytes = 50 * 1024 * 1024};
  std::shared_ptr<const std::vector<Setting>> settings = std::make_shared<std::vector<Setting>>();
};

// The handler of a listener on that loop; the engine must outlive it.
[[nodiscard]] std::unique_ptr<rest::Door> make_native(net::Loop& loop, engine::Engine& engine,
                                                      Random& random, const Shared& shared);

}  // namespace parley::native
