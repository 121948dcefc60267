// dialects/native: the engine's own wire, under /v1.
//
// Knows:     its routes, frames, names and error form; who the caller is (by token).
// Does not:  rules (engine), storage, other dialects.
// In:        requests and frames from net.   Out: commands to the engine; events as frames, each encoded once per loop.
// Lives on:  one door per loop.
// Failing:   every refusal is a problem+json or an error frame with one of base/codes.def.
// Start at:  routes() in rest_*.cpp; Session in session.h. The contract: docs/wires/native.md.
#pragma once

#include <array>
#include <atomic>
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
inline constexpr std::array personal_spaces{"profiles", "keys", "presence", "notifications",
                                            "exports",  "once", "known"};

// One option that this process runs with.
struct Setting {
  std::string key;
  std::optional<std::string> value;  // none: it is, or may hold, a secret
  bool live = false;                 // can change while it runs
};

// What this process runs with, as administrators see and change it. Implemented where the options are known.
// Lives on: any thread.
class Desk {
 public:
  virtual ~Desk() = default;
  [[nodiscard]] virtual std::vector<Setting> all() const = 0;
  // From now on, and after a restart, too. No value: as it is configured.
  [[nodiscard]] virtual Task<Result<Setting>> put(engine::Engine& engine, engine::Caller caller,
                                                  std::string key,
                                                  std::optional<std::string> value) = 0;
  // Reads the configuration again, and what administrators have set.
  struct Reloaded {
    std::vector<std::string> changed, need_restart;  // keys
  };
  [[nodiscard]] virtual Task<Result<Reloaded>> reload(engine::Engine& engine) = 0;
};

// What may change while it runs.
struct Live {
  std::atomic<std::uint64_t> file_bytes = 10 * 1024 * 1024;
  std::atomic<std::uint64_t> video_bytes = 50 * 1024 * 1024;
  std::atomic<std::chrono::seconds> recall_window{std::chrono::seconds{120}};
};

// What this process needs beside its store, as /ready tells it.
struct Part {
  std::string name;
  std::function<Task<bool>()> up;
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
  std::shared_ptr<Live> live = std::make_shared<Live>();
  std::shared_ptr<Desk> desk;
  std::vector<Part> parts;
};

// The handler of a listener on that loop; the engine must outlive it.
[[nodiscard]] std::unique_ptr<rest::Door> make_native(net::Loop& loop, engine::Engine& engine,
                                                      Random& random, const Shared& shared);

}  // namespace parley::native
