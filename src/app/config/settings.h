// app/config: what an operator may choose, from flags, variables and a file to plain values.
//
// Knows:     every option's name, type, default, limits and help text, declared once in options.cpp.
// Does not:  what the values do; the rooms get them from app as plain numbers and texts.
// In:        the command line, the environment, a YAML file.   Out: Settings, or every reason against them.
// Lives on:  the thread that starts the process.
// Failing:   an unknown or malformed option refuses the start; all reasons at once, each with its place.
// Start at:  options.cpp for the options, load.cpp for what wins.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/rate_limit.h"
#include "base/result.h"

namespace parley::config {

struct Listen {
  std::string address;  // an IP address, never empty once loaded
  std::uint16_t port = 0;
  std::string dialect = "native";
  friend bool operator==(const Listen&, const Listen&) = default;
};

enum class StoreKind { sqlite, postgres, mongo, memory };
[[nodiscard]] std::string_view name_of(StoreKind kind);

struct StoreAt {
  StoreKind kind = StoreKind::sqlite;
  std::string
      where;  // sqlite: the file, never empty once loaded; postgres, mongo: the URL; memory: empty
  friend bool operator==(const StoreAt&, const StoreAt&) = default;
};

// No defaults here: they stand with the options. A Settings comes from load() or defaults().
struct Settings {
  std::string data;
  StoreAt store;
  std::vector<std::string> store_replicas;
  std::string mongo_messages;
  std::string node;
  std::string bus;    // "local": the only node
  std::string files;  // a folder or s3://…; empty: in the data folder
  std::size_t file_limit;
  std::size_t video_limit;
  std::chrono::milliseconds loose_files;
  std::size_t retention_days;  // 0: for ever

  std::vector<Listen> listen;
  std::vector<std::string> trusted_proxies;
  std::string tls_cert;
  std::string tls_key;
  std::vector<std::string> cors_origins;

  std::vector<std::string> events;
  std::string redis;
  bool pulse_notify_events;

  RateLimiter::Rate rtchat_rate_limit;
  RateLimiter::Rate rtchat_connections_limit;
  std::vector<std::string> rtchat_origins;
  std::size_t rtchat_content;
  std::size_t rtchat_sockets;
  std::size_t rtchat_retries;
  std::size_t rtchat_pending;

  RateLimiter::Rate pulse_rate_limit;
  std::vector<std::string> pulse_origins;
  std::size_t pulse_sockets;
  std::string pulse_users_url;

  RateLimiter::Rate messaging_rate_limit;
  RateLimiter::Rate messaging_frames_limit;
  std::vector<std::string> messaging_origins;
  bool messaging_legacy_receipts;
  std::size_t messaging_file_limit;
  std::size_t messaging_message_limit;
  std::string messaging_websocket_path;
  std::chrono::milliseconds messaging_token_ttl;

  std::vector<std::string> echo_trusted;
  std::vector<std::string> echo_cors_origins;
  RateLimiter::Rate echo_rate_limit;
  std::string echo_topic_messages;
  std::string echo_topic_notifications;
  std::string echo_topic_analytics;
  bool echo_analytics;
  std::string echo_jwt_issuer;
  std::string echo_jwt_audience;
  bool echo_flat_frames;
  std::size_t echo_text_limit;
  std::size_t echo_body_limit;
  std::size_t echo_message_limit;
  std::size_t echo_client_buffer;

  std::vector<std::string> dinq_admins;
  bool dinq_admin_open;
  std::string dinq_ws_url;
  bool dinq_oldest_first;
  std::string dinq_profiles_url;
  std::size_t dinq_devices;
  std::size_t dinq_video_mb;
  std::chrono::milliseconds dinq_recall_window;
  std::chrono::milliseconds dinq_ws_token_ttl;

  std::string jwt_secret;
  std::string jwks;
  std::vector<std::string> user_claims;

  std::size_t queue_limit;
  std::size_t header_limit;
  std::size_t body_limit;
  std::size_t message_limit;
  std::size_t connections_limit;  // on each loop
  std::size_t group_size_limit;
  std::chrono::milliseconds recall_window;
  RateLimiter::Rate rate_limit;

  std::chrono::milliseconds header_timeout;
  std::chrono::milliseconds body_timeout;
  std::chrono::milliseconds idle_timeout;
  std::chrono::milliseconds token_grace;
  std::chrono::milliseconds heartbeat;
  std::chrono::milliseconds drain_timeout;

  std::size_t loops;
  std::chrono::milliseconds commit_pace;
  std::size_t store_connections;
  std::size_t store_readers;
  std::chrono::milliseconds store_timeout;
  std::size_t commit_queue;

  log::Format log_format;
  log::Level log_level;

  std::string file;                  // what --config named; empty: none
  std::string as;                    // the service whose variables were read, too; empty: none
  std::vector<std::string> notices;  // what that service would have done with them, and we don't

  [[nodiscard]] bool has_keys() const { return !jwt_secret.empty() || !jwks.empty(); }
};

using Arguments = std::vector<std::string>;  // without the program's and the subcommand's name
using Environment = std::map<std::string, std::string>;
[[nodiscard]] Environment environment_of(const char* const* environ);

// Flag before variable before file before default. Refused: bad_request, with one reason a line.
[[nodiscard]] Result<Settings> load(const Arguments& arguments, const Environment& environment);
// What load() gives without any input.
[[nodiscard]] Settings defaults();

// The same places read again, for SIGHUP.
struct Reloaded {
  Settings settings;                      // the running ones, with the changes that need no restart
  std::vector<std::string> need_restart;  // the names of the options whose changes do
};
[[nodiscard]] Result<Reloaded> reload(const Settings& running, const Arguments& arguments,
                                      const Environment& environment);

}  // namespace parley::config
