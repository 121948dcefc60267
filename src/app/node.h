// One serving process: loops, each with its hub, engine and doors, over one store.
//
// Lives on: the main thread. start() and stop() each return when it is done.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "app/config/settings.h"
#include "app/couriers.h"
#include "app/doors.h"
#include "app/live_settings.h"
#include "base/random.h"
#include "engine/engine.h"
#include "hub/feed.h"
#include "identity/jwks_source.h"
#include "net/server.h"
#include "store/store.h"

namespace parley::app {

class Node {
 public:
  // `configured`: the settings as they were read; `arguments`: what they can be read from again.
  Node(const config::Settings& settings, const config::Settings& configured,
       config::Arguments arguments);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] Result<void> start();
  // Every few seconds: keys that may have changed.
  void tick();
  // What can change while it runs: certificates and keys.
  void reload();
  // Tells clients to move, finishes what is under way, stops. Within the drain timeout.
  void stop();

 private:
  struct Core;  // what belongs to one loop

  Result<void> load_keys();
  Result<void> load_certificate();
  Result<void> make_cores(const Cursor& head, DoorsShared shared);
  void run_cores();
  void stop_couriers();
  void sweep_files();
  void take_settings(const config::Settings& now);
  [[nodiscard]] static engine::Limits engine_limits(const config::Settings& settings);
  // On the first loop, again and again with such a pause; what could not be done is done the next time.
  using Chore = Task<Result<void>> (engine::Engine::*)();
  void keep_doing(Chore chore, std::chrono::milliseconds pause);
  Result<void> listen();
  void each_core(const std::function<void(Core&)>& fn);
  [[nodiscard]] bool quiet();
  void wait_until_quiet(Instant end);

  const config::Settings settings_;
  const config::Settings configured_;
  const config::Arguments arguments_;
  SystemClock clock_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<files::Shelf> shelf_;
  Instant swept_at_{};
  std::shared_ptr<identity::Verifier> verifier_ = std::make_shared<identity::Verifier>();
  std::unique_ptr<identity::JwksSource> jwks_;
  std::shared_ptr<net::TlsContext> tls_;
  Couriers couriers_;  // on the first loop
  std::vector<std::unique_ptr<Core>> cores_;
  hub::LocalBus bus_;
  std::unique_ptr<hub::Feed> feed_;
  DoorsShared shared_;  // so far as it may change while it runs
  std::shared_ptr<LiveSettings> live_settings_;
  std::shared_ptr<dinq::Settings> dinq_settings_;
  std::shared_ptr<native::Bans> bans_;
  std::shared_ptr<pulse::PresenceKeys> pulse_keys_;
  std::shared_ptr<dinq::PresenceKeys> dinq_keys_;
  bool running_ = false;
};

}  // namespace parley::app
