#include "app/node.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include "app/node_core.h"
#include "app/open_shelf.h"
#include "app/open_transport.h"
#include "base/log.h"
#include "base/metrics.h"
#include "dialects/echo/keys.h"
#include "dialects/messaging/keys.h"
#include "store/away/away.h"

namespace parley::app {
namespace {

constexpr std::chrono::milliseconds lease_shown_every{500};
constexpr std::chrono::milliseconds expire_every{500};
constexpr std::chrono::milliseconds retain_every = std::chrono::minutes{1};
constexpr std::chrono::milliseconds forget_keys_every = std::chrono::minutes{1};
constexpr std::chrono::milliseconds sweep_every = std::chrono::minutes{10};

net::Limits net_limits(const config::Settings& settings) {
  net::Limits limits;
  limits.header_bytes = settings.header_limit;
  limits.body_bytes = settings.body_limit;
  limits.message_bytes = settings.message_limit;
  limits.queue_bytes = settings.queue_limit;
  limits.connections = settings.connections_limit;
  limits.header_timeout = settings.header_timeout;
  limits.body_timeout = settings.body_timeout;
  limits.idle_timeout = settings.idle_timeout;
  limits.heartbeat = settings.heartbeat;
  return limits;
}

// Runs the task from a thread that is no executor's, and waits for it.
template <class T>
T wait_for(Task<T> task) {
  std::promise<T> promise;
  spawn(std::move(task), [&promise](T value) { promise.set_value(std::move(value)); });
  return promise.get_future().get();
}

// Those that count for the whole cluster.
std::vector<std::pair<std::string, std::shared_ptr<RateLimiter>>> limiters_of(
    const DoorsShared& shared) {
  return {{"native", shared.native.limiter},
          {"echo", shared.echo.limiter},
          {"messaging", shared.messaging.requests},
          {"messaging.frames", shared.messaging.frames},
          {"pulse", shared.pulse.requests},
          {"rtchat", shared.rtchat.requests},
          {"rtchat.connections", shared.rtchat.count_asks}};
}

Task<Result<Cursor>> head_of(store::Store& store) {
  auto ask = [](store::Reader& reader) { return reader.head(); };
  co_return co_await store.read(std::move(ask));
}

}  // namespace

Node::Node(const Configuration& configuration, std::unique_ptr<store::Store> store, Has has)
    : settings_(configuration.running),
      configured_(configuration.configured),
      arguments_(configuration.arguments),
      has_(has),
      store_(std::move(store)) {}
Node::Node(const Configuration& configuration, std::unique_ptr<store::Store> store)
    : Node(configuration, std::move(store), Has::store) {}
std::unique_ptr<Node> Node::without_store(const Configuration& configuration) {
  return std::unique_ptr<Node>(new Node(configuration, store::make_away_store(), Has::no_store));
}
Node::~Node() { stop(); }

Result<void> Node::start() {
  TRY_DO(load_keys());
  TRY_DO(load_certificate());
  auto head = has_ == Has::store ? wait_for(head_of(*store_)) : Result<Cursor>(store_->beginning());
  if (!head) return std::unexpected(std::move(head).error());
  TRY(shelf, open_shelf(settings_));
  shelf_ = std::move(shelf);
  TRY(shared, share_doors(settings_, verifier_, shelf_, clock_));
  pulse_keys_ = shared.pulse.keys;
  dinq_keys_ = shared.dinq.keys;
  echo_keys_ = shared.echo.keys;
  messaging_keys_ = shared.messaging.keys;
  bans_ = shared.native.bans;
  live_settings_ = std::make_shared<LiveSettings>(
      configured_,
      [this](const config::Settings& configured) {
        return config::reload(configured, arguments_, config::environment_of(environ));
      },
      [this](const config::Settings& now) { take_settings(now); });
  shared.native.desk = live_settings_;
  TRY_DO(make_cores(*head, shared));
  TRY_DO(join_cluster(*head, shared));
  shared_ = std::move(shared);
  pending_->start();
  run_cores();
  if (has_ == Has::store) {
    if (auto known = load_what_is_kept(); !known) {
      stop();
      return known;
    }
    cores_.front()->call([this] {
      keep_doing(&engine::Engine::expire_messages, expire_every);
      keep_doing(&engine::Engine::retain_messages, retain_every);
      keep_doing(&engine::Engine::forget_old_keys, forget_keys_every);
      keep_doing(&engine::Engine::fade_records, forget_keys_every);
    });
  }
  auto listening = listen();
  if (!listening) stop();
  return listening;
}

Result<void> Node::load_what_is_kept() {
  engine::Engine& engine = cores_.front()->engine;
  TRY_DO(wait_for(dinq_settings_->load(engine)));
  TRY_DO(wait_for(bans_->load(engine)));
  return wait_for(live_settings_->load(engine));
}

Result<void> Node::load_keys() {
  // A secret of our own options is long enough; one that another service took must do.
  auto own_secret = [secret = settings_.jwt_secret]() -> Result<identity::Keyring> {
    identity::Keyring keys;
    if (!secret.empty())
      TRY_DO(keys.add_secret(secret, std::nullopt, identity::ShortSecret::allowed));
    return keys;
  };
  if (settings_.jwks.empty()) {
    TRY(keys, own_secret());
    verifier_->replace(std::move(keys));
    return {};
  }
  TRY(source, identity::JwksSource::at(settings_.jwks, verifier_, own_secret));
  jwks_ = std::move(source);
  return jwks_->load(clock_.instant());
}

Result<void> Node::load_certificate() {
  if (settings_.tls_cert.empty()) return {};
  TRY(context, net::TlsContext::load(settings_.tls_cert, settings_.tls_key));
  tls_ = std::move(context);
  return {};
}

Result<void> Node::make_cores(const Cursor& head, DoorsShared& shared) {
  const engine::Limits limits = engine_limits(settings_);
  dinq_settings_ = shared.dinq.settings;
  std::vector<hub::Feed::Loop> loops;
  for (std::uint32_t index = 0; index < settings_.loops; ++index) {
    cores_.push_back(std::make_unique<Core>(index, *store_, head, bus_, clock_, limits));
    Core& core = *cores_.back();
    if (index == 0) {
      if (has_ == Has::store) {
        TRY(couriers, make_couriers(settings_, core.loop, core.engine, bus_, shared));
        couriers_ = std::move(couriers);
        TRY(intakes, make_intakes(settings_, core.loop, core.engine, shared));
        intakes_ = std::move(intakes);
      }
      if (!couriers_.empty())
        shared.native.parts.push_back({"events", [this] {
                                         return at_once(std::ranges::all_of(
                                             couriers_, [](const auto& one) { return one->up(); }));
                                       }});
      make_pending(shared.rtchat);
    }
    core.engine.when_a_file_goes([this](const std::string& id) { shelf_->remove(id); });
    core.doors = std::make_unique<Doors>(core.loop, core.engine, core.random, shared);
    bus_.add({&core.loop, &core.hub});
    loops.push_back(
        {&core.loop, &core.hub, [&core](const Event& event) { core.engine.notice(event); }, {}});
  }
  loops.front().committed = [this] {
    for (auto& courier : couriers_) courier->poke();
    pending_->store_lives();
  };
  loops.front().moved = shared.pointer_moved;
  feed_ = std::make_unique<hub::Feed>(std::move(loops));
  return {};
}

Result<void> Node::join_cluster(const Cursor& head, const DoorsShared& shared) {
  std::unique_ptr<cluster::Transport> transport;
  if (has_ == Has::store) TRY_DO(open_transport(settings_, transport));
  if (!transport) {
    store_->listen(*feed_);
    return {};
  }
  Core& first = *cores_.front();
  cluster_ = std::make_unique<cluster::Cluster>(
      std::move(transport),
      cluster::Cluster::Around{first.loop, *store_, *feed_, bus_, *shared.native.presence, clock_,
                               [this](const MessageId& id) {
                                 return std::ranges::any_of(
                                     cores_, [&](auto& core) { return core->engine.made(id); });
                               }},
      head, first.random.next());
  for (auto& core : cores_) core->hub.tell(cluster_->interest());
  for (const auto& [name, limiter] : limiters_of(shared)) cluster_->share(name, limiter);
  cluster_->when_changed([this](const std::string& space) { reload_records(space); });
  lease_ = std::make_unique<cluster::Lease>("work", settings_.node + '#' + first.engine.fresh_key(),
                                            first.engine);
  for (auto& courier : couriers_) courier->only_while([this] { return does_the_work(); });
  store_->listen(*cluster_);
  return {};
}

// On the first loop, again and again.
void Node::keep_lease() {
  if (!running_) return;
  Core& core = *cores_.front();
  spawn(lease_->renew(), [this, &core, pass = renewing_.enter()] {
    core.loop.after(cluster::Lease::renew_every, [this] { keep_lease(); });
  });
}

// By itself: while the store is away the renewal hangs, and just then it runs out.
void Node::show_lease() {
  static auto& works =
      metrics::gauge("parley_cluster_works", "1 on the node that does what is done once");
  if (!running_) return;
  works.Set(lease_->held() ? 1 : 0);
  cores_.front()->loop.after(lease_shown_every, [this] { show_lease(); });
}

Task<void> Node::give_up_lease() {
  co_await renewing_.wait_empty();
  co_await lease_->let_go();
}

// On the first loop. What can't be read now is read when something changes again, or the link comes back.
void Node::reload_records(const std::string& space) {
  engine::Engine& engine = cores_.front()->engine;
  auto warn = [](const Result<void>& done) {
    if (!done)
      log::warn("settings of other nodes could not be read", {{"why", done.error().detail}});
  };
  if (space.empty() || space == native::Bans::space) spawn(bans_->load(engine), warn);
  if (space.empty() || space == dinq::Settings::space) spawn(dinq_settings_->load(engine), warn);
  if (space.empty() || space == LiveSettings::space) spawn(live_settings_->load(engine), warn);
}

void Node::leave_cluster() {
  if (!cluster_) return;
  std::promise<void> done;
  cores_.front()->loop.post([&] { spawn(cluster_->stop(), [&done] { done.set_value(); }); });
  done.get_future().get();
}

// What the rtchat door accepts; on the first loop.
void Node::make_pending(rtchat::Shared& door) {
  Core& core = *cores_.front();
  const std::filesystem::path folder(settings_.data);
  std::error_code ignored;  // without it, it says so by itself
  std::filesystem::create_directories(folder, ignored);
  pending_ = door.pending = std::make_shared<pending::Pending>(
      core.loop, core.engine, core.random, rtchat::policy_of(door),
      pending::Rules{.quick_tries = static_cast<int>(settings_.rtchat_retries),
                     .bytes_max = settings_.rtchat_pending,
                     .journal = (folder / "rtchat-pending.journal").string()});
  bus_.observe([&core, pending = pending_.get()](const Signal& signal) {
    if (signal.kind != Signal::Kind::blocks || signal.to.empty()) return;
    core.loop.post(
        [pending, signal] { pending->heard_of_block(signal.to.front(), signal.user, signal.on); });
  });
}

void Node::stop_pending() {
  std::promise<void> done;
  cores_.front()->loop.post([&] { spawn(pending_->stop(), [&done] { done.set_value(); }); });
  done.get_future().get();
}

void Node::run_cores() {
  for (auto& core : cores_) core->thread = std::thread([&core = *core] { core.loop.run(); });
  running_ = true;
  cores_.front()->call([this] {
    for (auto& courier : couriers_) courier->start();
    if (!cluster_) return;
    cluster_->start();
    keep_lease();
    show_lease();
  });
  if (intakes_.intake) intakes_.intake->start();
}

void Node::stop_couriers() {
  for (auto& courier : couriers_) {
    std::promise<void> done;
    cores_.front()->loop.post([&] { spawn(courier->stop(), [&done] { done.set_value(); }); });
    done.get_future().get();
  }
}

Result<void> Node::listen() {
  net::Limits limits = net_limits(settings_);
  if (!settings_.trusted_proxies.empty()) {
    TRY(proxies, networks_of("trusted-proxies", settings_.trusted_proxies));
    limits.proxies = std::make_shared<const net::Networks>(std::move(proxies));
  }
  for (const config::Listen& at : settings_.listen) {
    std::uint16_t port = at.port;
    TRY_DO(net::check_free(at.address, port));
    for (auto& core : cores_) {
      core->servers.push_back(
          std::make_unique<net::Server>(core->loop, core->doors->at(at.dialect), limits, tls_));
      Result<std::uint16_t> started = 0;
      core->call([&] { started = core->servers.back()->start(at.address, port); });
      if (!started) return std::unexpected(std::move(started).error());
      port = *started;  // where the system chose, all loops share its choice
    }
    log::info("listening", {{"address", at.address},
                            {"port", port},
                            {"dialect", at.dialect},
                            {"tls", tls_ != nullptr}});
  }
  return {};
}

engine::Limits Node::engine_limits(const config::Settings& settings) {
  engine::Limits limits;
  limits.group_size = settings.group_size_limit;
  limits.retention_days = static_cast<std::uint32_t>(settings.retention_days);
  return limits;
}

// From any thread.
void Node::take_settings(const config::Settings& now) {
  apply_live(shared_, now);
  for (auto& core : cores_)
    core->loop.post(
        [&engine = core->engine, limits = engine_limits(now)] { engine.set_limits(limits); });
}

void Node::tick() {
  if (jwks_) jwks_->refresh(clock_.instant());
  if (pulse_keys_) pulse_keys_->renew();
  if (dinq_keys_) dinq_keys_->renew();
  if (echo_keys_) echo_keys_->renew();
  if (messaging_keys_) messaging_keys_->renew();
  if (has_ == Has::store) sweep_files();
}

// On the first loop, so that only one is under way.
void Node::sweep_files() {
  const Instant now = clock_.instant();
  const auto pause = std::min<std::chrono::milliseconds>(settings_.loose_files / 2, sweep_every);
  if (swept_at_ != Instant{} && now - swept_at_ < pause) return;
  swept_at_ = now;
  if (!does_the_work()) return;
  Core& core = *cores_.front();
  core.loop.post([&core, before = clock_.now() - settings_.loose_files] {
    spawn(core.engine.sweep_files(before), [](const Result<std::size_t>& swept) {
      if (!swept)
        log::warn("old files could not be looked through", {{"why", swept.error().detail}});
    });
  });
}

void Node::keep_doing(Chore chore, std::chrono::milliseconds pause) {
  Core& core = *cores_.front();
  if (!expiring_) return;
  auto again = [this, &core, chore, pause] {
    core.loop.after(pause, [this, chore, pause] { keep_doing(chore, pause); });
  };
  if (!does_the_work()) return again();
  spawn((core.engine.*chore)(), [again](const Result<void>& /*done*/) { again(); });
}

void Node::reload() {
  log::info("reading certificates, keys and settings again");
  if (tls_) {
    auto done = tls_->reload();
    if (!done) log::error("the certificate stays as it was", {{"why", done.error().detail}});
  }
  Core& core = *cores_.front();
  core.loop.post([this, &core] {
    spawn(live_settings_->reload(core.engine), [](const Result<native::Desk::Reloaded>& reloaded) {
      if (!reloaded)
        return log::error("the settings stay as they were", {{"why", reloaded.error().detail}});
      for (const std::string& option : reloaded->need_restart)
        log::warn("an option has changed, and waits for a restart", {{"option", option}});
    });
  });
  if (jwks_) {
    auto done = jwks_->load(clock_.instant());
    if (!done) log::error("the keys stay as they were", {{"why", done.error().detail}});
  }
}

}  // namespace parley::app
