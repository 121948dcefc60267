#include "app/config/services.h"

#include <algorithm>
#include <array>

#include "base/encodings.h"

namespace parley::config {
namespace {

constexpr std::size_t number_digits = 7;

std::string as_it_is(const std::string& value) { return value; }
std::string in_seconds(const std::string& value) { return value + "s"; }
std::string in_bytes(const std::string& value) { return value + "B"; }

std::string get(const Environment& theirs, const std::string& name) {
  auto at = theirs.find(name);
  return at == theirs.end() ? std::string{} : at->second;
}

std::string get_or(const Environment& theirs, const std::string& name, std::string fallback) {
  std::string value = get(theirs, name);
  return value.empty() ? std::move(fallback) : value;
}

bool is_number(const std::string& value) {
  return !value.empty() && value.size() < number_digits &&
         std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
}

// Silent for that long is gone; a ping in the middle keeps who answers.
std::string half_in_seconds(const std::string& value) {
  return is_number(value) ? std::to_string(std::max(1, std::stoi(value) / 2)) + "s" : value;
}

// "60s", or seconds.
std::string half_of_it(const std::string& value) {
  const bool in_s = value.ends_with('s') && !value.ends_with("ms");
  const std::string number = in_s ? value.substr(0, value.size() - 1) : value;
  return is_number(number) ? half_in_seconds(number) : value;
}

std::string yes_or_no(const std::string& value) {
  return value == "true" ? "on" : value == "false" ? "off" : value;
}

// As many as there may be here.
std::string readers_of(const std::string& value) {
  return is_number(value) ? std::to_string(std::clamp(std::stoi(value), 1, 256)) : value;
}

struct RedisNames {
  std::string host, port, password, database;
};

std::string redis_url(const Environment& theirs, const RedisNames& names) {
  const std::string host = get(theirs, names.host);
  if (host.empty()) return {};
  const std::string password = get(theirs, names.password);
  return "redis://" + (password.empty() ? "" : ":" + percent_encoded(password) + "@") + host + ':' +
         get_or(theirs, names.port, "6379") + '/' + get_or(theirs, names.database, "0");
}

// What is no number goes on as it is, so that it is refused by the option.
std::string of_a_minute(const std::string& value) {
  return is_number(value) ? std::to_string((std::stoi(value) + 59) / 60) : value;
}

std::string minutely(const std::string& value) {
  if (value.empty() || value == "0") return value.empty() ? value : "off";
  return of_a_minute(value) + ':' + value;
}

std::string together(const Environment& theirs, std::span<const std::string_view> names) {
  std::string all;
  for (std::string_view name : names) {
    const std::string value = get(theirs, std::string(name));
    if (!value.empty()) all += (all.empty() ? "" : ",") + value;
  }
  return all;
}

std::string one_or_zero(const std::string& value) {
  return value == "0" ? "off" : value == "1" ? "on" : value;
}

struct DatabaseNames {
  std::string host, port, user, password, name, ssl_mode;
};

// None of these is set: the embedded store.
std::string database_url(const Environment& theirs, const DatabaseNames& names,
                         std::string_view usual_name) {
  if (get(theirs, names.host).empty() && get(theirs, names.name).empty()) return {};
  std::string url = "postgres://";
  if (const std::string user = get(theirs, names.user); !user.empty()) {
    url += percent_encoded(user);
    const std::string password = get(theirs, names.password);
    if (!password.empty()) url += ':' + percent_encoded(password);
    url += '@';
  }
  url += get_or(theirs, names.host, "localhost") + ':' + get_or(theirs, names.port, "5432") + '/';
  url += percent_encoded(get_or(theirs, names.name, std::string(usual_name)));
  const std::string ssl = get(theirs, names.ssl_mode);
  return ssl.empty() ? url : url + "?sslmode=" + ssl;
}

struct MongoNames {
  std::string uri, database;
};

// Their address names the server, another variable the database. Whoever signs in at no database in particular does so at
// `admin`; once a database stands in the address, that has to be said.
std::string mongo_url(const Environment& theirs, const MongoNames& names,
                      std::string_view usual_database) {
  const std::string uri = get(theirs, names.uri);
  const std::size_t hosts = uri.find("://");
  if (hosts == std::string::npos) return uri;
  const std::size_t path = uri.find_first_of("/?", hosts + 3);
  std::string url = uri.substr(0, path);
  std::string words = path == std::string::npos ? "" : uri.substr(path);
  const std::size_t question = words.find('?');
  std::string there = words.substr(0, question);
  words = question == std::string::npos ? "" : words.substr(question + 1);
  if (there.starts_with('/')) there.erase(0, 1);
  const bool signs_in = url.find('@') != std::string::npos;
  if (signs_in && words.find("authSource=") == std::string::npos)
    words += (words.empty() ? "" : "&") + ("authSource=" + (there.empty() ? "admin" : there));
  url += '/' + percent_encoded(get_or(theirs, names.database, std::string(usual_database)));
  return words.empty() ? url : url + '?' + words;
}

struct BucketNames {
  std::string endpoint, bucket, region, key, secret;
};

// The endpoint as a host, or with its scheme: http:// is plain.
std::string bucket_url(const Environment& theirs, const BucketNames& names) {
  std::string host = get(theirs, names.endpoint);
  const bool plain = host.starts_with("http://");
  if (const auto at = host.find("://"); at != std::string::npos) host.erase(0, at + 3);
  while (host.ends_with('/')) host.pop_back();
  return "s3://" + percent_encoded(get(theirs, names.key)) + ':' +
         percent_encoded(get(theirs, names.secret)) + '@' + host + '/' + get(theirs, names.bucket) +
         "?region=" + get_or(theirs, names.region, "us-east-1") + (plain ? "&plain=on" : "");
}

// RATE_LIMIT_RPS and RATE_LIMIT_BURST, each with the door's own default.
template <int Rps, int Burst>
std::string rps_and_burst(const Environment& theirs) {
  const std::string rps = get(theirs, "RATE_LIMIT_RPS"), burst = get(theirs, "RATE_LIMIT_BURST");
  if (rps.empty() && burst.empty()) return {};
  return (rps.empty() ? std::to_string(Rps) : rps) + ':' +
         (burst.empty() ? std::to_string(Burst) : burst);
}

// ---- dinq

constexpr std::array dinq_variables{
    Variable{"DATABASE_URL", "store", as_it_is},
    Variable{"AGENT_URL", "dinq-profiles-url", as_it_is},
    Variable{"MAX_VIDEO_SIZE_MB", "dinq-video-limit", as_it_is},
    Variable{"MAX_DEVICES_PER_USER", "dinq-devices", as_it_is},
    Variable{"RECALL_WINDOW_SECONDS", "dinq-recall-window", in_seconds},
    Variable{"WS_TOKEN_TTL", "dinq-ws-token-ttl", in_seconds},
    Variable{"HEARTBEAT_TIMEOUT_SECONDS", "heartbeat", half_in_seconds},
    Variable{"ADMIN_USER_IDS", "dinq-admins", as_it_is},
    Variable{"ADMIN_OPEN", "dinq-admin-open", one_or_zero},
    Variable{"WS_PUBLIC_URL", "dinq-ws-url",
             [](const std::string& value) -> std::string {
               const auto host = value.find("://");
               const bool has_path =
                   host != std::string::npos && value.find('/', host + 3) != std::string::npos;
               return value.empty() || has_path ? value : value + "/ws";
             }},
    Variable{"DINQ_HISTORY_ORDER", "dinq-oldest-first",
             [](const std::string& value) -> std::string {
               return value == "asc" ? "on" : value == "desc" ? "off" : value;
             }},
};
constexpr std::array dinq_combined{
    Combined{"PORT", "listen",
             [](const Environment& theirs) {
               return "0.0.0.0:" + get_or(theirs, "PORT", "8083") + "=dinq";
             }},
    Combined{"FILE_STORAGE_DIR", "files",
             [](const Environment& theirs) -> std::string {
               if (get(theirs, "OSS_ENDPOINT").empty()) return get(theirs, "FILE_STORAGE_DIR");
               return bucket_url(theirs, {"OSS_ENDPOINT", "OSS_BUCKET", "OSS_REGION",
                                          "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"});
             }},
    Combined{"REDIS_URL", "redis",
             [](const Environment& theirs) -> std::string {
               std::string at = get(theirs, "REDIS_URL");
               const std::string password = get(theirs, "REDIS_PASSWORD");
               if (at.empty() || at.contains("://")) return at;
               return "redis://" + (password.empty() ? "" : ":" + percent_encoded(password) + "@") +
                      at + '/' + get_or(theirs, "REDIS_DB", "0");
             }},
};
constexpr std::array<std::string_view, 0> dinq_not_yet{};

// ---- echo

constexpr std::array echo_variables{
    Variable{"WS_MAX_MESSAGE_SIZE", "message-limit", in_bytes},
    Variable{"WS_MAX_MESSAGE_SIZE", "echo-message-limit", in_bytes},
    Variable{"WS_MAX_CONNECTIONS", "connections-limit", as_it_is},
    Variable{"WS_CLIENT_BUFFER_SIZE", "echo-client-buffer", as_it_is},
    Variable{"WS_PONG_WAIT", "heartbeat", half_of_it},
    Variable{"WS_FRAME_STYLE", "echo-flat-frames",
             [](const std::string& value) -> std::string {
               return value == "flat" ? "on" : value == "nested" ? "off" : value;
             }},
    Variable{"SHUTDOWN_TIMEOUT", "drain-timeout", as_it_is},
    Variable{"DB_MAX_OPEN_CONNS", "store-readers", readers_of},
    Variable{"LIMIT_MAX_MESSAGE_LENGTH", "echo-text-limit", as_it_is},
    Variable{"RETENTION_DAYS", "retention-days", as_it_is},
    Variable{"JWT_ISSUER", "echo-jwt-issuer", as_it_is},
    Variable{"JWT_AUDIENCE", "echo-jwt-audience", as_it_is},
    Variable{"ANALYTICS_ENABLED", "echo-analytics", yes_or_no},
    Variable{"KAFKA_TOPIC_ANALYTICS", "echo-topic-analytics", as_it_is},
    Variable{"KAFKA_TOPIC_NOTIFICATIONS", "echo-topic-notifications", as_it_is},
    Variable{"LOG_LEVEL", "log-level", as_it_is},
    Variable{"LOG_FORMAT", "log-format",
             [](const std::string& value) -> std::string {
               return value == "console" ? "text" : value;
             }},
};
constexpr std::array echo_combined{
    Combined{"SERVER_PORT", "listen",
             [](const Environment& theirs) {
               return get_or(theirs, "SERVER_HOST", "0.0.0.0") + ':' +
                      get_or(theirs, "SERVER_PORT", "8083") + "=echo";
             }},
    Combined{"DB_HOST", "store",
             [](const Environment& theirs) {
               return database_url(
                   theirs,
                   {"DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME", "DB_SSL_MODE"},
                   "echo_backend");
             }},
    Combined{"TRUSTED_PROXIES", "echo-trusted-proxies",
             [](const Environment& theirs) {
               constexpr std::array<std::string_view, 3> names{"TRUSTED_PROXIES", "TRUSTED_PROXY_1",
                                                               "TRUSTED_PROXY_2"};
               return together(theirs, names);
             }},
    Combined{"CORS_ORIGIN_1", "echo-cors-origins",
             [](const Environment& theirs) {
               constexpr std::array<std::string_view, 3> names{"CORS_ORIGIN_1", "CORS_ORIGIN_2",
                                                               "CORS_ORIGIN_3"};
               return together(theirs, names);
             }},
    Combined{"KAFKA_BROKERS", "events",
             [](const Environment& theirs) -> std::string {
               std::string servers = get(theirs, "KAFKA_BROKERS");
               if (servers.empty()) return servers;
               std::ranges::replace(servers, ',', ';');
               const std::string compression = get(theirs, "KAFKA_COMPRESSION");
               return "kafka://" + servers +
                      (compression.empty() ? "" : "?compression=" + compression);
             }},
    Combined{"REDIS_HOST", "redis",
             [](const Environment& theirs) -> std::string {
               if (get(theirs, "CACHE_ENABLED") == "false") return {};
               return redis_url(theirs, {"REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "REDIS_DB"});
             }},
    Combined{"KAFKA_TOPIC_MESSAGES", "echo-topic-messages",
             [](const Environment& theirs) {
               return get_or(theirs, "KAFKA_TOPIC_MESSAGES", get(theirs, "KAFKA_TOPIC"));
             }},
    Combined{"RATE_LIMIT_RPM", "echo-rate-limit",
             [](const Environment& theirs) -> std::string {
               if (get(theirs, "RATE_LIMIT_ENABLED") == "false") return "off";
               const std::string rpm = get(theirs, "RATE_LIMIT_RPM");
               const std::string burst = get(theirs, "RATE_LIMIT_BURST");
               if (rpm.empty() && burst.empty()) return {};
               return of_a_minute(rpm.empty() ? "600" : rpm) + ':' +
                      (burst.empty() ? (rpm.empty() ? "600" : rpm) : burst);
             }},
};
constexpr std::array<std::string_view, 0> echo_not_yet{};

// ---- messaging

constexpr std::array messaging_variables{
    Variable{"MESSAGING_SERVER_MAX_CONNECTIONS", "connections-limit", as_it_is},
    Variable{"MESSAGING_SERVER_ALLOWED_ORIGINS", "messaging-origins", as_it_is},
    Variable{"MESSAGING_SERVER_TLS_CERT", "tls-cert", as_it_is},
    Variable{"MESSAGING_SERVER_TLS_KEY", "tls-key", as_it_is},
    Variable{"MESSAGING_STORAGE_MAX_FILE_SIZE", "messaging-file-limit", in_bytes},
    Variable{"MESSAGING_AUTH_TOKEN_EXPIRY", "messaging-token-ttl", as_it_is},
    Variable{"MESSAGING_SERVER_WEBSOCKET_PATH", "messaging-websocket-path", as_it_is},
    Variable{"MESSAGING_DATABASE_MAX_OPEN_CONNS", "store-readers", readers_of},
    Variable{"MESSAGING_SERVER_READ_TIMEOUT", "body-timeout", in_seconds},
    Variable{"MESSAGING_LOGGING_LEVEL", "log-level", as_it_is},
    Variable{
        "MESSAGING_LOGGING_FORMAT", "log-format",
        [](const std::string& value) -> std::string { return value == "pretty" ? "text" : value; }},
    Variable{"MESSAGING_WEBSOCKET_LEGACY_RECEIPTS", "messaging-legacy-receipts", yes_or_no},
};
constexpr std::array messaging_combined{
    Combined{"MESSAGING_STORAGE_PATH", "files",
             [](const Environment& theirs) -> std::string {
               if (get(theirs, "MESSAGING_STORAGE_TYPE") != "s3")
                 return get(theirs, "MESSAGING_STORAGE_PATH");
               return bucket_url(theirs,
                                 {"MESSAGING_STORAGE_S3_ENDPOINT", "MESSAGING_STORAGE_S3_BUCKET",
                                  "MESSAGING_STORAGE_S3_REGION", "MESSAGING_STORAGE_S3_ACCESS_KEY",
                                  "MESSAGING_STORAGE_S3_SECRET_KEY"});
             }},
    Combined{"MESSAGING_NATS_URL", "events",
             [](const Environment& theirs) {
               std::string servers = get(theirs, "MESSAGING_NATS_URL");
               std::ranges::replace(servers, ',', ';');
               return servers;
             }},
    Combined{"MESSAGING_REDIS_HOST", "redis",
             [](const Environment& theirs) {
               return redis_url(theirs, {"MESSAGING_REDIS_HOST", "MESSAGING_REDIS_PORT",
                                         "MESSAGING_REDIS_PASSWORD", "MESSAGING_REDIS_DB"});
             }},
    Combined{"MESSAGING_SERVER_HTTP_PORT", "listen",
             [](const Environment& theirs) {
               return "0.0.0.0:" + get_or(theirs, "MESSAGING_SERVER_HTTP_PORT", "9097") +
                      "=messaging";
             }},
    Combined{"MESSAGING_DATABASE_HOST", "store",
             [](const Environment& theirs) {
               return database_url(theirs,
                                   {"MESSAGING_DATABASE_HOST", "MESSAGING_DATABASE_PORT",
                                    "MESSAGING_DATABASE_USER", "MESSAGING_DATABASE_PASSWORD",
                                    "MESSAGING_DATABASE_NAME", "MESSAGING_DATABASE_SSL_MODE"},
                                   "messaging");
             }},
    Combined{"MESSAGING_RATE_LIMIT_REQUESTS_PER_MINUTE", "messaging-rate-limit",
             [](const Environment& theirs) {
               return minutely(get(theirs, "MESSAGING_RATE_LIMIT_REQUESTS_PER_MINUTE"));
             }},
    Combined{"MESSAGING_RATE_LIMIT_FRAMES_PER_MINUTE", "messaging-frames-limit",
             [](const Environment& theirs) {
               return minutely(get(theirs, "MESSAGING_RATE_LIMIT_FRAMES_PER_MINUTE"));
             }},
};
constexpr std::array<std::string_view, 0> messaging_not_yet{};

// ---- pulse

constexpr std::array pulse_variables{
    Variable{"CORS_ORIGINS", "pulse-cors-origins", as_it_is},
    Variable{"RABBITMQ_URL", "events", as_it_is},
    Variable{"REDIS_URL", "redis", as_it_is},
    Variable{"USER_SERVICE_URL", "pulse-users-url", as_it_is},
    Variable{"PULSE_NOTIFY_EVENTS", "pulse-notify-events", one_or_zero},
};
constexpr std::array pulse_combined{
    Combined{"PORT", "listen",
             [](const Environment& theirs) {
               return "0.0.0.0:" + get_or(theirs, "PORT", "8084") + "=pulse";
             }},
    Combined{"RATE_LIMIT_RPS", "pulse-rate-limit", rps_and_burst<50, 100>},
    Combined{"MONGODB_URL", "store",
             [](const Environment& theirs) {
               return mongo_url(theirs, {"MONGODB_URL", "MONGODB_NAME"}, "messaging_db");
             }},
};
constexpr std::array<std::string_view, 0> pulse_not_yet{};

// ---- rtchat

constexpr std::array rtchat_variables{
    Variable{"ALLOWED_ORIGINS", "rtchat-origins", as_it_is},
    Variable{"MAX_BODY_BYTES", "body-limit", in_bytes},
    Variable{"MAX_CONTENT_BYTES", "rtchat-content-limit", in_bytes},
    Variable{"MAX_SOCKETS_PER_USER", "rtchat-sockets", as_it_is},
    Variable{"RETRY_ATTEMPTS", "rtchat-retries", as_it_is},
    Variable{"TLS_CERT", "tls-cert", as_it_is},
    Variable{"TLS_KEY", "tls-key", as_it_is},
    Variable{"MONGO_COLLECTION", "mongo-messages", as_it_is},
};
constexpr std::array rtchat_combined{
    Combined{"MONGO_URI", "store",
             [](const Environment& theirs) {
               return mongo_url(theirs, {"MONGO_URI", "MONGO_DB"}, "chatdb");
             }},
    Combined{"PORT", "listen",
             [](const Environment& theirs) {
               return "0.0.0.0:" + get_or(theirs, "PORT", "8080") + "=rtchat";
             }},
    Combined{"RATE_LIMIT_RPS", "rtchat-rate-limit", rps_and_burst<5, 10>},
    Combined{"CONNECTIONS_RPS", "rtchat-connections-limit",
             [](const Environment& theirs) -> std::string {
               const std::string rps = get(theirs, "CONNECTIONS_RPS");
               return is_number(rps) ? rps + ':' + std::to_string(2 * std::stoi(rps)) : rps;
             }},
};
constexpr std::array<std::string_view, 0> rtchat_not_yet{};

constexpr std::array services{
    ServiceFacts{"dinq", "JWT_SECRET", {}, {}, false, dinq_variables, dinq_combined, dinq_not_yet},
    ServiceFacts{
        "echo", "JWT_SECRET_KEY", {}, {}, false, echo_variables, echo_combined, echo_not_yet},
    ServiceFacts{"messaging", "MESSAGING_AUTH_JWT_SECRET", "CONFIG_PATH", "MESSAGING_", true,
                 messaging_variables, messaging_combined, messaging_not_yet},
    ServiceFacts{
        "pulse", "JWT_SECRET", {}, {}, true, pulse_variables, pulse_combined, pulse_not_yet},
    ServiceFacts{
        "rtchat", "JWT_SECRET", {}, {}, true, rtchat_variables, rtchat_combined, rtchat_not_yet},
};

}  // namespace

const ServiceFacts* find_service(std::string_view name) {
  auto at = std::ranges::find(services, name, &ServiceFacts::name);
  return at == services.end() ? nullptr : &*at;
}

std::string service_names() {
  std::string all;
  for (const ServiceFacts& one : services) {
    if (!all.empty()) all += &one == &services.back() ? " and " : ", ";
    all += one.name;
  }
  return all;
}

}  // namespace parley::config
