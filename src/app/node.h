// One serving process: loops, each with its hub, engine and doors, over one store.
//
// Lives on: the main thread. start() and stop() each return when it is done.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "app/config/settings.h"
#include "app/couriers.h"
#include "app/doors.h"
#include "app/live_settings.h"
#include "base/gate.h"
#include "base/random.h"
#include "cluster/cluster.h"
#include "cluster/lease.h"
#include "engine/engine.h"
#include "hub/feed.h"
#include "identity/jwks_source.h"
#include "net/server.h"
#include "store/store.h"

namespace parley::app {

struct Configuration {
  config::Settings running, configured;  // the second as it was read
  config::Arguments arguments;           // what it can be read from again
};

class Node {
 public:
  Node(const Configuration& configuration, std::unique_ptr<store::Store> store);
  // While the store can't be reached: what needs none is done, the rest is refused for now.
  [[nodiscard]] static std::unique_ptr<Node> without_store(const Configuration& configuration);
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
  enum class Has : bool { no_store, store };
  Node(const Configuration& configuration, std::unique_ptr<store::Store> store, Has has);

  Result<void> load_keys();
  Result<void> load_what_is_kept();
  Result<void> load_certificate();
  Result<void> make_cores(const Cursor& head, DoorsShared& shared);
  Result<void> join_cluster(const Cursor& head, const DoorsShared& shared);
  void keep_lease();
  void show_lease();
  Task<void> give_up_lease();
  // What is to be done once in the whole cluster is for this node to do.
  [[nodiscard]] bool does_the_work() const { return !lease_ || lease_->held(); }
  void reload_records(const std::string& space);
  void leave_cluster();
  void run_cores();
  void make_pending(rtchat::Shared& door);
  void stop_pending();
  void stop_couriers();
  void sweep_files();
  void take_settings(const config::Settings& now);
  [[nodiscard]] static engine::Limits engine_limits(const config::Settings& settings);
  // On the first loop, again and again with such a pause; what could not be done is done the next time.
  using Chore = Task<Result<void>> (engine::Engine::*)();
  void keep_doing(Chore chore, std::chrono::milliseconds pause);
  Result<void> listen();
  void each_core(const std::function<void(Core&)>& fn);
  [[nodiscard]] std::size_t sockets();
  [[nodiscard]] bool quiet();
  void move_clients(Instant begun);
  void wait_until_quiet(Instant end);

  const config::Settings settings_;
  const config::Settings configured_;
  const config::Arguments arguments_;
  const Has has_;
  SystemClock clock_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<files::Shelf> shelf_;
  Instant swept_at_{};
  bool expiring_ = true;  // on the first loop
  std::shared_ptr<identity::Verifier> verifier_ = std::make_shared<identity::Verifier>();
  std::unique_ptr<identity::JwksSource> jwks_;
  std::shared_ptr<net::TlsContext> tls_;
  Couriers couriers_;  // on the first loop
  Intakes intakes_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::shared_ptr<pending::Pending> pending_;  // on the first loop
  hub::LocalBus bus_;
  std::unique_ptr<hub::Feed> feed_;
  DoorsShared shared_;  // so far as it may change while it runs
  std::shared_ptr<LiveSettings> live_settings_;
  std::unique_ptr<cluster::Cluster> cluster_;  // empty: this is the only node
  std::unique_ptr<cluster::Lease> lease_;      // the same
  Gate renewing_;                              // on the first loop
  std::shared_ptr<dinq::Settings> dinq_settings_;
  std::shared_ptr<native::Bans> bans_;
  std::shared_ptr<pulse::PresenceKeys> pulse_keys_;
  std::shared_ptr<dinq::PresenceKeys> dinq_keys_;
  std::shared_ptr<echo::Keys> echo_keys_;
  std::shared_ptr<messaging::Keys> messaging_keys_;
  std::atomic<bool> running_ = false;
};

}  // namespace parley::app
