#include "app/doors.h"

#include <algorithm>

#include "base/log.h"
#include "dialects/echo/keys.h"
#include "dialects/messaging/keys.h"

namespace parley::app {

// Hands what is under a dialect's name to that dialect, as if it were asked at its root.
class Doors::Front final : public net::Handler {
 public:
  explicit Front(std::map<std::string, std::unique_ptr<rest::Door>>& doors) : doors_(doors) {}

  Task<net::Response> handle(net::Request& request) override {
    return door_of(request).handle(request);
  }
  Task<net::Upgrade> upgrade(net::Request& request) override {
    return door_of(request).upgrade(request);
  }
  net::Response refuse(const Error& error) override { return doors_.at("native")->refuse(error); }
  bool takes_pieces(const net::Request& head) const override {
    for (const auto& [name, door] : doors_) {
      const std::string prefix = '/' + name;
      if (!head.path.starts_with(prefix + '/')) continue;
      net::Request inside;
      inside.method = head.method;
      inside.path = head.path.substr(prefix.size());
      return door->takes_pieces(inside);
    }
    return doors_.at("native")->takes_pieces(head);
  }

 private:
  rest::Door& door_of(net::Request& request) {
    for (auto& [name, door] : doors_) {
      const std::string prefix = '/' + name;
      if (!request.path.starts_with(prefix + '/')) continue;
      request.path.erase(0, prefix.size());
      request.prefix = prefix;
      return *door;
    }
    return *doors_.at("native");
  }

  std::map<std::string, std::unique_ptr<rest::Door>>& doors_;
};

namespace {

bool only_loopback(const config::Settings& settings) {
  return std::ranges::all_of(settings.listen, [](const config::Listen& one) {
    return one.address.starts_with("127.") || one.address == "::1";
  });
}

}  // namespace

Result<net::Networks> networks_of(const std::string& option, const std::vector<std::string>& all) {
  net::Networks networks;
  for (const std::string& network : all)
    if (auto added = networks.add(network); !added)
      return fail(Code::bad_request, "--" + option + ": " + network + ' ' + added.error().detail);
  return networks;
}

Result<DoorsShared> share_doors(const config::Settings& settings,
                                const std::shared_ptr<identity::Verifier>& verifier,
                                const std::shared_ptr<files::Shelf>& shelf, const Clock& clock) {
  DoorsShared shared;
  auto presence = std::make_shared<hub::Presence>();
  auto for_all = [&](auto&... door) {
    ((door.verifier = verifier, door.presence = presence), ...);
  };
  for_all(shared.native, shared.dinq, shared.echo, shared.messaging, shared.pulse, shared.rtchat);
  auto counted_apart = [](auto&... door) {
    ((door.sockets = std::make_shared<shell::Headcount>()), ...);
  };
  counted_apart(shared.dinq, shared.pulse, shared.rtchat);
  shared.native.shelf = shared.dinq.shelf = shared.messaging.shelf = shelf;
  shared.messaging.file_bytes_max = settings.messaging_file_limit;
  verifier->refuse(shared.native.bans->banned());
  auto& spaces = shared.native.personal_spaces;
  spaces.assign(native::personal_spaces.begin(), native::personal_spaces.end());
  spaces.insert(spaces.end(), dinq::personal_spaces.begin(), dinq::personal_spaces.end());
  spaces.insert(spaces.end(), messaging::personal_spaces.begin(), messaging::personal_spaces.end());
  spaces.insert(spaces.end(), pulse::personal_spaces.begin(), pulse::personal_spaces.end());
  spaces.insert(spaces.end(), echo::personal_spaces.begin(), echo::personal_spaces.end());
  shared.native.rules.user_claims = settings.user_claims;
  shared.native.limiter = std::make_shared<RateLimiter>(settings.rate_limit);
  shared.native.cors_origins = settings.cors_origins;
  shared.native.heartbeat = std::chrono::duration_cast<std::chrono::seconds>(settings.heartbeat);
  shared.native.token_grace = settings.token_grace;
  shared.native.message_bytes = settings.message_limit;
  shared.dinq.jwt_secret = settings.jwt_secret;
  shared.dinq.ws_url = settings.dinq_ws_url;
  shared.dinq.admin_open = settings.dinq_admin_open;
  if (settings.dinq_admin_open)
    log::warn("everybody may administer the dinq door: --dinq-admin-open", {});
  shared.dinq.admins = {settings.dinq_admins.begin(), settings.dinq_admins.end()};
  shared.dinq.ws_token_ttl =
      std::chrono::duration_cast<std::chrono::seconds>(settings.dinq_ws_token_ttl);
  shared.dinq.profiles = std::make_shared<dinq::Profiles>(settings.dinq_profiles_url, clock);
  shared.dinq.devices_max = settings.dinq_devices;
  shared.dinq.oldest_first = settings.dinq_oldest_first;
  shared.dinq.settings = std::make_shared<dinq::Settings>(
      settings.dinq_video_mb,
      std::chrono::duration_cast<std::chrono::seconds>(settings.dinq_recall_window));
  std::vector<std::string> trusted = settings.echo_trusted;
  if (trusted.empty() && only_loopback(settings)) trusted = {"127.0.0.0/8", "::1"};
  TRY(peers, networks_of("echo-trusted-proxies", trusted));
  shared.echo.trusted = std::move(peers);
  shared.echo.cors_origins = settings.echo_cors_origins;
  shared.echo.topics = {settings.echo_topic_messages, settings.echo_topic_notifications,
                        settings.echo_topic_analytics};
  shared.echo.analytics = settings.echo_analytics;
  shared.echo.rules.issuer = settings.echo_jwt_issuer;
  shared.echo.rules.audience = settings.echo_jwt_audience;
  if (settings.echo_flat_frames) shared.echo.frame_style = echo::FrameStyle::flat;
  shared.echo.text_max = settings.echo_text_limit;
  shared.echo.body_bytes = settings.echo_body_limit;
  shared.echo.frame_bytes = settings.echo_message_limit;
  shared.echo.frames_waiting = static_cast<std::uint32_t>(settings.echo_client_buffer);
  shared.echo.limiter = std::make_shared<RateLimiter>(settings.echo_rate_limit);
  shared.messaging.requests = std::make_shared<RateLimiter>(settings.messaging_rate_limit);
  shared.messaging.frames = std::make_shared<RateLimiter>(settings.messaging_frames_limit);
  shared.messaging.frame_bytes = settings.messaging_message_limit;
  shared.messaging.websocket_path = settings.messaging_websocket_path;
  shared.messaging.profiles = std::make_shared<messaging::Profiles>(clock);
  presence->when_gone(
      [profiles = shared.messaging.profiles](const UserId& user) { profiles->left(user); });
  shared.messaging.origins = settings.messaging_origins;
  shared.messaging.legacy_receipts = settings.messaging_legacy_receipts;
  shared.pulse.requests = std::make_shared<RateLimiter>(settings.pulse_rate_limit);
  if (!settings.redis.empty()) {
    auto address = redis::parse_address(settings.redis);
    if (!address) return fail(Code::bad_request, "--redis: the address " + address.error().detail);
    shared.pulse.keys =
        std::make_shared<pulse::PresenceKeys>(std::make_unique<redis::Redis>(*address), clock);
    shared.echo.keys =
        std::make_shared<echo::Keys>(std::make_unique<redis::Redis>(*address), clock);
    shared.messaging.keys =
        std::make_shared<messaging::Keys>(std::make_unique<redis::Redis>(*address), clock);
    shared.redis = std::make_shared<redis::Redis>(std::move(*address));
    shared.dinq.keys = std::make_shared<dinq::PresenceKeys>(shared.redis, *presence, clock);
  }
  shared.pulse.origins = settings.pulse_origins;
  shared.pulse.cache = std::make_shared<pulse::Cache>(clock);
  shared.pulse.users = std::make_shared<pulse::Users>(settings.pulse_users_url, clock);
  shared.pulse.sockets_max = settings.pulse_sockets;
  shared.pulse.store_kind = config::name_of(settings.store.kind);
  shared.rtchat.requests = std::make_shared<RateLimiter>(settings.rtchat_rate_limit);
  shared.rtchat.count_asks = std::make_shared<RateLimiter>(settings.rtchat_connections_limit);
  shared.rtchat.origins = settings.rtchat_origins;
  shared.rtchat.content_bytes_max = settings.rtchat_content;
  shared.rtchat.sockets_max = settings.rtchat_sockets;
  shared.native.parts.push_back({"files", [shelf] { return shelf->up(); }});
  if (shared.redis)
    shared.native.parts.push_back(
        {"redis", [redis = shared.redis] { return at_once(redis->up()); }});
  apply_live(shared, settings);
  shared.echo.version = PARLEY_VERSION;
  shared.echo.started = SystemClock{}.now();
  return shared;
}

void apply_live(const DoorsShared& shared, const config::Settings& now) {
  log::set_level(now.log_level);
  shared.native.limiter->change(now.rate_limit);
  shared.native.live->file_bytes = now.file_limit;
  shared.native.live->video_bytes = now.video_limit;
  shared.native.live->recall_window =
      std::chrono::duration_cast<std::chrono::seconds>(now.recall_window);
  shared.echo.limiter->change(now.echo_rate_limit);
  shared.messaging.requests->change(now.messaging_rate_limit);
  shared.messaging.frames->change(now.messaging_frames_limit);
  shared.pulse.requests->change(now.pulse_rate_limit);
  shared.rtchat.requests->change(now.rtchat_rate_limit);
  shared.rtchat.count_asks->change(now.rtchat_connections_limit);
}

Task<bool> at_once(bool value) { co_return value; }

Doors::Doors(net::Loop& loop, engine::Engine& engine, Random& random, const DoorsShared& shared)
    : front_(std::make_unique<Front>(by_name_)) {
  by_name_["native"] = native::make_native(loop, engine, random, shared.native);
  by_name_["messaging"] = messaging::make_messaging(loop, engine, random, shared.messaging);
  by_name_["pulse"] = pulse::make_pulse(loop, engine, random, shared.pulse);
  by_name_["rtchat"] = rtchat::make_rtchat(loop, engine, random, shared.rtchat);
  by_name_["echo"] = echo::make_echo(loop, engine, random, shared.echo);
  by_name_["dinq"] = dinq::make_dinq(loop, engine, random, shared.dinq);
}

Doors::~Doors() = default;

net::Handler& Doors::at(const std::string& dialect) {
  if (dialect == "native") return *front_;
  return *by_name_.at(dialect);
}

void Doors::drain(std::chrono::milliseconds spread) {
  for (auto& [name, door] : by_name_) door->drain(spread);
}

void Doors::let_go(double share) {
  for (auto& [name, door] : by_name_) door->let_go(share);
}

std::size_t Doors::busy() const {
  std::size_t all = 0;
  for (const auto& [name, door] : by_name_) all += door->busy();
  return all;
}

}  // namespace parley::app
