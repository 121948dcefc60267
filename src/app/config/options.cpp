// The one place where options are declared. Flag, variable, YAML key, help, docs and checks follow from it.
#include "app/config/options.h"

#include <algorithm>
#include <cctype>
#include <thread>

namespace parley::config {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t gib = 1024 * mib;
constexpr std::size_t secret_bytes_min = 32;  // RFC 7518 §3.2, for HS256

template <class Kind>
void add(Group& group, AnyOption::Facts facts, typename Kind::Value Settings::* field,
         typename Kind::Value fallback,
         Check<typename Option<Kind>::Item> check = any<typename Option<Kind>::Item>()) {
  group.options.push_back(
      std::make_unique<const Option<Kind>>(facts, field, std::move(fallback), std::move(check)));
}

Check<Text> long_enough() {
  return {"at least " + std::to_string(secret_bytes_min) + " bytes long",
          [](const std::string& secret) { return secret.size() >= secret_bytes_min; }};
}

Check<Text> node_name() {
  return {"1 to 64 letters, digits, dots, - or _", [](const std::string& name) {
            return name.size() <= 64 && std::ranges::all_of(name, [](unsigned char c) {
                     return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
                   });
          }};
}

Check<Text> topic_name() {
  return {"1 to 249 letters, digits, dots, - or _", [](const std::string& name) {
            return !name.empty() && name.size() <= 249 &&
                   std::ranges::all_of(name, [](unsigned char c) {
                     return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
                   });
          }};
}

Check<Text> collection_name() {
  return {"1 to 64 letters, digits, dots, - or _, and no collection of this server's own",
          [](const std::string& name) {
            return !name.empty() && name.size() <= 64 && name != "conversations" &&
                   name != "user_cache" && !name.starts_with("parley_") &&
                   !name.starts_with("system.") && !name.starts_with('.') &&
                   std::ranges::all_of(name, [](unsigned char c) {
                     return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
                   });
          }};
}

Group data() {
  Group group{"Data", {}};
  add<Folder>(group,
              {.name = "data",
               .reload = Reload::restart,
               .help = "Folder of what is kept here: the embedded database, and the secret that is "
                       "made when no key is configured."},
              &Settings::data, "./parley-data");
  add<Store>(group,
             {.name = "store",
              .reload = Reload::restart,
              .help = "Where everything lasting is kept. A URL may hold a password: better in a "
                      "variable or the file than on the command line. One process serves a "
                      "MongoDB database; without a name in the URL it is parley. memory: forgets "
                      "everything at the end.",
              .secrecy = Secrecy::url,
              .shown_default = "sqlite, in the data folder"},
             &Settings::store, StoreAt{});
  add<Text>(group,
            {.name = "mongo-messages",
             .reload = Reload::restart,
             .help = "The collection of messages in MongoDB, where other programs read them."},
            &Settings::mongo_messages, "messages", collection_name());
  add<Count>(group,
             {.name = "store-connections",
              .reload = Reload::restart,
              .help = "Connections that write to PostgreSQL; SQLite and MongoDB have one writer."},
             &Settings::store_connections, 4, between<Count>(1, 64));
  add<Count>(group,
             {.name = "store-readers",
              .reload = Reload::restart,
              .help = "Connections that read from the store."},
             &Settings::store_readers, 4, between<Count>(1, 256));
  add<Duration>(group,
                {.name = "store-timeout",
                 .reload = Reload::restart,
                 .help = "How long a commit or a read may take before the caller gets 503."},
                &Settings::store_timeout, 5s, between<Duration>(100ms, 5min));
  add<Duration>(
      group,
      {.name = "commit-pace",
       .reload = Reload::restart,
       .help = "Between the commits of one writer while several callers are at it, so that "
               "each sync carries more. Who is alone never waits. 0: no pace."},
      &Settings::commit_pace, 1ms, between<Duration>(0ms, 1s));
  add<Count>(group,
             {.name = "commit-queue",
              .reload = Reload::restart,
              .help = "Commands that may wait for a commit on one writer; above, callers get 503."},
             &Settings::commit_queue, 65'536, between<Count>(16, 10'000'000));
  add<Text>(group,
            {.name = "bus",
             .reload = Reload::restart,
             .help = "How several nodes over one PostgreSQL tell each other what happens: "
                     "redis://user:password@host:6379 or nats://user:password@host:4222. local: "
                     "this is the only node. Nothing is kept there; while it is away, nodes read "
                     "the log.",
             .secrecy = Secrecy::url},
            &Settings::bus, "local");
  add<FolderOrS3>(group,
                  {.name = "files",
                   .reload = Reload::restart,
                   .help = "Where uploaded files are kept: a folder, or a bucket at whatever "
                           "speaks S3, as s3://KEY:SECRET@HOST:PORT/BUCKET/PREFIX?region=NAME "
                           "(&plain=on: http in place of https).",
                   .secrecy = Secrecy::url,
                   .shown_default = "files, in the data folder"},
                  &Settings::files, "");
  add<Bytes>(group,
             {.name = "file-limit",
              .reload = Reload::live,
              .help = "Size of an uploaded file; above: 413."},
             &Settings::file_limit, 10 * mib, between<Bytes>(kib, 1024 * gib));
  add<Bytes>(group,
             {.name = "video-limit",
              .reload = Reload::live,
              .help = "Size of an uploaded file that is a video by its first bytes."},
             &Settings::video_limit, 50 * mib, between<Bytes>(kib, 1024 * gib));
  add<Duration>(group,
                {.name = "loose-files",
                 .reload = Reload::restart,
                 .help = "How long an uploaded file may wait for a message that shows it."},
                &Settings::loose_files, 24h, between<Duration>(1s, 24h * 365));
  add<Count>(group,
             {.name = "retention-days",
              .reload = Reload::live,
              .help = "After how many days messages go, in conversations without a rule of their "
                      "own. 0: they stay."},
             &Settings::retention_days, 0, between<Count>(0, 36'500));
  return group;
}

Group events() {
  Group group{"Events and keys for others", {}};
  add<Text>(
      group,
      {.name = "redis",
       .reload = Reload::restart,
       .help = "A Redis that has the keys which clients of other services look for: "
               "redis://user:password@host:6379/0 has those of pulse (presence:USER), of dinq "
               "(online_users, online:USER, unread_count:USER:CONVERSATION, "
               "offline_messages:USER), of echo (echo:presence:USER, "
               "echo:recent:CONVERSATION, echo:rl:USER) and of messaging "
               "(messaging:presence:USER, messaging:typing:CONVERSATION, "
               "messaging:conv:CONVERSATION).",
       .secrecy = Secrecy::url,
       .shown_default = "none"},
      &Settings::redis, "");
  add<List<Text>>(group,
                  {.name = "events",
                   .reload = Reload::restart,
                   .help = "A broker that events go to, at least once and in the order of each "
                           "conversation; one of each kind. amqp://user:password@host:5672/ has "
                           "those of pulse, in the exchange messaging_events; "
                           "nats://user:password@host:4222 those of messaging, in the stream "
                           "MESSAGING; kafka://host:9092 those of echo. Several servers of one "
                           "cluster: with ; between them.",
                   .secrecy = Secrecy::url,
                   .shown_default = "none"},
                  &Settings::events, {});
  return group;
}

Group listening() {
  Group group{"Listening", {}};
  add<Text>(group,
            {.name = "as",
             .reload = Reload::restart,
             .help = "Start as that service would: on its port, with its own variables and its "
                     ".env in the working folder; what is given here wins. There are dinq, echo, "
                     "messaging, pulse and rtchat.",
             .shown_default = "none"},
            &Settings::as, "");
  add<List<ListenAt>>(
      group,
      {.name = "listen",
       .reload = Reload::restart,
       .help = "Where to serve; may be given several times. Without an address: all of them if a "
               "key is configured, else 127.0.0.1, as without keys only loopback is allowed. Port "
               "0 lets the system choose.",
       .shown_default = "0.0.0.0:8080, without keys 127.0.0.1:8080"},
      &Settings::listen, {Listen{.address = "", .port = 8080}});
  add<File>(
      group,
      {.name = "tls-cert",
       .reload = Reload::restart,
       .help = "Certificate chain (PEM); with it every port speaks TLS. SIGHUP reads the file "
               "again."},
      &Settings::tls_cert, "");
  add<File>(group,
            {.name = "tls-key", .reload = Reload::restart, .help = "The certificate's key (PEM)."},
            &Settings::tls_key, "");
  add<List<Origin>>(group,
                    {.name = "cors-origins",
                     .reload = Reload::restart,
                     .help = "Origins of web pages that may call; * is any, without credentials."},
                    &Settings::cors_origins, {"*"});
  return group;
}

Group callers() {
  Group group{"Who may call", {}};
  add<Text>(
      group,
      {.name = "jwt-secret",
       .reload = Reload::restart,
       .help = "Shared secret of the tokens (HS256, HS384, HS512). Better in a variable or the "
               "file: a command line is visible to all users of the machine.",
       .secrecy = Secrecy::secret},
      &Settings::jwt_secret, "", long_enough());
  add<FileOrUrl>(group,
                 {.name = "jwks",
                  .reload = Reload::restart,
                  .help = "JWK set with the keys of the tokens; read again when the file changes, "
                          "every 5 minutes from a URL, and on SIGHUP.",
                  .secrecy = Secrecy::url},
                 &Settings::jwks, "");
  add<List<Text>>(group,
                  {.name = "user-claims",
                   .reload = Reload::restart,
                   .help = "Claims that name the user; the first that a token has counts."},
                  &Settings::user_claims, {"sub", "user_id", "id"});
  return group;
}

Group limits() {
  Group group{"Limits", {}};
  add<Rate>(
      group,
      {.name = "rate-limit",
       .reload = Reload::live,
       .help = "Commands a second for each user, REST and WebSocket together, and how many at "
               "once after a pause (10 times that, if not given)."},
      &Settings::rate_limit, {.per_second = 200, .burst = 2'000});
  add<Count>(group,
             {.name = "connections-limit",
              .reload = Reload::restart,
              .help = "Connections open on each loop; above, new ones get 503."},
             &Settings::connections_limit, 1'000'000, between<Count>(1, 100'000'000));
  add<Bytes>(group,
             {.name = "queue-limit",
              .reload = Reload::restart,
              .help = "Bytes waiting for one connection before it is closed with 4008; it resumes "
                      "by cursor and loses nothing. At least message-limit."},
             &Settings::queue_limit, 2 * mib, between<Bytes>(64 * kib, gib));
  add<Bytes>(group,
             {.name = "header-limit",
              .reload = Reload::restart,
              .help = "Size of a request's line and headers; above: 431."},
             &Settings::header_limit, 16 * kib, between<Bytes>(kib, mib));
  add<Bytes>(group,
             {.name = "body-limit",
              .reload = Reload::restart,
              .help = "Size of a request's body; above: 413."},
             &Settings::body_limit, mib, between<Bytes>(kib, gib));
  add<Bytes>(group,
             {.name = "message-limit",
              .reload = Reload::restart,
              .help = "Size of a WebSocket message from a client; above: close 1009."},
             &Settings::message_limit, mib, between<Bytes>(kib, gib));
  add<Count>(group,
             {.name = "group-size-limit",
              .reload = Reload::live,
              .help = "Members that one command may name."},
             &Settings::group_size_limit, 1'000, between<Count>(1, 100'000));
  add<Duration>(group,
                {.name = "recall-window",
                 .reload = Reload::live,
                 .help = "How long a message can be recalled at the native door."},
                &Settings::recall_window, 120s, between<Duration>(1s, 24h * 365));
  return group;
}

Group dinq() {
  Group group{"The dinq door", {}};
  add<List<Text>>(group,
                  {.name = "dinq-admins",
                   .reload = Reload::restart,
                   .help = "User ids that may use the admin routes, beside those whose token has "
                           "the role admin.",
                   .shown_default = "none"},
                  &Settings::dinq_admins, {});
  add<OnOff>(group,
             {.name = "dinq-oldest-first",
              .reload = Reload::restart,
              .help = "Pages of the history begin with their oldest message, as the original's "
                      "do; its own description says newest first."},
             &Settings::dinq_oldest_first, false);
  add<HttpUrl>(group,
               {.name = "dinq-profiles-url",
                .reload = Reload::restart,
                .help = "A service that knows how people are called: POST "
                        "/api/v1/user-data/batch there. Members are shown with what it says, and "
                        "conversations are found by it.",
                .secrecy = Secrecy::url,
                .shown_default = "none"},
               &Settings::dinq_profiles_url, "");
  add<Count>(group,
             {.name = "dinq-devices",
              .reload = Reload::restart,
              .help = "Connections that one user may have."},
             &Settings::dinq_devices, 18, between<Count>(1, 10'000));
  add<Duration>(group,
                {.name = "dinq-ws-token-ttl",
                 .reload = Reload::restart,
                 .help = "How long a token of /message/ws-token is good for."},
                &Settings::dinq_ws_token_ttl, 300s, between<Duration>(1s, 24h * 365));
  add<Count>(group,
             {.name = "dinq-video-limit",
              .reload = Reload::restart,
              .help = "Megabytes that a video may say it has, until an administrator sets "
                      "max_video_size_mb."},
             &Settings::dinq_video_mb, 50, between<Count>(1, 1'000'000));
  add<Duration>(group,
                {.name = "dinq-recall-window",
                 .reload = Reload::restart,
                 .help = "How long a message can be recalled at this door."},
                &Settings::dinq_recall_window, 120s, between<Duration>(1s, 24h * 365));
  return group;
}

Group echo() {
  Group group{"The echo door", {}};
  add<List<Text>>(group,
                  {.name = "echo-trusted-proxies",
                   .reload = Reload::restart,
                   .help = "Addresses and networks whose X-User-ID header is believed.",
                   .shown_default = "loopback while only loopback is served, else none"},
                  &Settings::echo_trusted, {});
  add<List<Origin>>(group,
                    {.name = "echo-cors-origins",
                     .reload = Reload::restart,
                     .help = "Origins of web pages that may call this door; * is any."},
                    &Settings::echo_cors_origins,
                    {"http://localhost:3000", "http://localhost:5173"});
  add<Rate>(group,
            {.name = "echo-rate-limit",
             .reload = Reload::live,
             .help = "Requests a second for each user at this door, and how many at once after a "
                     "pause."},
            &Settings::echo_rate_limit, {.per_second = 10, .burst = 600});
  add<Text>(group,
            {.name = "echo-topic-messages",
             .reload = Reload::restart,
             .help = "The topic in Kafka that every event goes to, keyed by conversation."},
            &Settings::echo_topic_messages, "messages", topic_name());
  add<Text>(group,
            {.name = "echo-topic-notifications",
             .reload = Reload::restart,
             .help = "The topic in Kafka for the messages of people who are away."},
            &Settings::echo_topic_notifications, "notifications", topic_name());
  add<Text>(group,
            {.name = "echo-topic-analytics",
             .reload = Reload::restart,
             .help = "The topic in Kafka that echo-analytics tells."},
            &Settings::echo_topic_analytics, "analytics", topic_name());
  add<OnOff>(group,
             {.name = "echo-analytics",
              .reload = Reload::restart,
              .help = "Who connects, sends, gets and reads at this door, and with which device, "
                      "goes to Kafka; never what anybody says."},
             &Settings::echo_analytics, false);
  add<Text>(group,
            {.name = "echo-jwt-issuer",
             .reload = Reload::restart,
             .help = "What the iss of a token must be at this door.",
             .shown_default = "any"},
            &Settings::echo_jwt_issuer, "");
  add<Text>(group,
            {.name = "echo-jwt-audience",
             .reload = Reload::restart,
             .help = "What must be in the aud of a token at this door.",
             .shown_default = "any"},
            &Settings::echo_jwt_audience, "");
  add<OnOff>(group,
             {.name = "echo-flat-frames",
              .reload = Reload::restart,
              .help = "Frames have their fields beside their type, as the original's do; its "
                      "own description has them in payload."},
             &Settings::echo_flat_frames, false);
  add<Count>(group,
             {.name = "echo-text-limit",
              .reload = Reload::restart,
              .help = "Characters of a message at this door."},
             &Settings::echo_text_limit, 10'000, between<Count>(1, 1'000'000));
  add<Bytes>(group,
             {.name = "echo-body-limit",
              .reload = Reload::restart,
              .help = "Size of a request's body at this door; above: 413."},
             &Settings::echo_body_limit, 10 * mib, between<Bytes>(kib, gib));
  add<Bytes>(group,
             {.name = "echo-message-limit",
              .reload = Reload::restart,
              .help = "Size of a WebSocket message at this door, at most message-limit; above: "
                      "close 1009."},
             &Settings::echo_message_limit, 512 * kib, between<Bytes>(kib, gib));
  add<Count>(group,
             {.name = "echo-client-buffer",
              .reload = Reload::restart,
              .help = "Frames that may wait for one connection at this door, beyond what is on its "
                      "way; more of them for 10 s: close 1008. queue-limit holds, too."},
             &Settings::echo_client_buffer, 256, between<Count>(1, 1'000'000));
  return group;
}

Group messaging() {
  Group group{"The messaging door", {}};
  add<Rate>(group,
            {.name = "messaging-rate-limit",
             .reload = Reload::live,
             .help = "Requests a second for each user at this door, and how many at once after a "
                     "pause."},
            &Settings::messaging_rate_limit, {.per_second = 10, .burst = 600});
  add<Rate>(group,
            {.name = "messaging-frames-limit",
             .reload = Reload::live,
             .help = "Frames a second for each user at this door, and how many at once after a "
                     "pause."},
            &Settings::messaging_frames_limit, {.per_second = 20, .burst = 1'200});
  add<List<Origin>>(group,
                    {.name = "messaging-origins",
                     .reload = Reload::restart,
                     .help = "Origins of web pages that may call this door; * is any."},
                    &Settings::messaging_origins, {"*"});
  add<OnOff>(group,
             {.name = "messaging-legacy-receipts",
              .reload = Reload::restart,
              .help = "Receipts are called message.read_receipt, as clients of the original may "
                      "expect."},
             &Settings::messaging_legacy_receipts, false);
  add<Bytes>(group,
             {.name = "messaging-file-limit",
              .reload = Reload::restart,
              .help = "Size of a file uploaded at this door; above: 413."},
             &Settings::messaging_file_limit, 10 * mib, between<Bytes>(kib, 1024 * gib));
  add<Duration>(group,
                {.name = "messaging-token-ttl",
                 .reload = Reload::restart,
                 .help = "How long a token of `parley token --dialect messaging` is good for."},
                &Settings::messaging_token_ttl, 24h, between<Duration>(1s, 24h * 365));
  add<Text>(
      group,
      {.name = "messaging-websocket-path",
       .reload = Reload::restart,
       .help = "Where the WebSocket of this door is."},
      &Settings::messaging_websocket_path, "/ws",
      {"a path that begins with /", [](const std::string& path) { return path.starts_with('/'); }});
  add<Bytes>(group,
             {.name = "messaging-message-limit",
              .reload = Reload::restart,
              .help = "Size of a WebSocket message at this door, at most message-limit; above: "
                      "close 1009."},
             &Settings::messaging_message_limit, 512 * kib, between<Bytes>(kib, gib));
  return group;
}

Group pulse() {
  Group group{"The pulse door", {}};
  add<Rate>(group,
            {.name = "pulse-rate-limit",
             .reload = Reload::live,
             .help = "Requests a second for each user at this door, and how many at once after a "
                     "pause."},
            &Settings::pulse_rate_limit, {.per_second = 50, .burst = 100});
  add<List<Origin>>(group,
                    {.name = "pulse-cors-origins",
                     .reload = Reload::restart,
                     .help = "Origins of web pages that may call this door; * is any."},
                    &Settings::pulse_origins, {"*"});
  add<OnOff>(group,
             {.name = "pulse-notify-events",
              .reload = Reload::restart,
              .help = "A message is told to a broker once more for each of its recipients."},
             &Settings::pulse_notify_events, true);
  add<Count>(group,
             {.name = "pulse-sockets",
              .reload = Reload::restart,
              .help = "Connections that one user may have open."},
             &Settings::pulse_sockets, 20, between<Count>(1, 100'000));
  add<HttpUrl>(group,
               {.name = "pulse-users-url",
                .reload = Reload::restart,
                .help = "A service that knows who exists: GET /api/v1/users/ID there. Whom it does "
                        "not know can't be put into a conversation at this door.",
                .secrecy = Secrecy::url,
                .shown_default = "none"},
               &Settings::pulse_users_url, "");
  return group;
}

Group rtchat() {
  Group group{"The rtchat door", {}};
  add<Rate>(group,
            {.name = "rtchat-rate-limit",
             .reload = Reload::live,
             .help = "Requests a second for each user at this door, and how many at once after a "
                     "pause."},
            &Settings::rtchat_rate_limit, {.per_second = 5, .burst = 10});
  add<Rate>(group,
            {.name = "rtchat-connections-limit",
             .reload = Reload::live,
             .help = "Questions a second for who is connected, from each address, and how many at "
                     "once after a pause."},
            &Settings::rtchat_connections_limit, {.per_second = 20, .burst = 40});
  add<List<Origin>>(group,
                    {.name = "rtchat-origins",
                     .reload = Reload::restart,
                     .help = "Origins of web pages that may call this door; * is any.",
                     .shown_default = "none but the server's own host"},
                    &Settings::rtchat_origins, {});
  add<Bytes>(group,
             {.name = "rtchat-content-limit",
              .reload = Reload::restart,
              .help = "The longest content of a message."},
             &Settings::rtchat_content, 64 * kib, between<Bytes>(1, mib));
  add<Count>(group,
             {.name = "rtchat-sockets",
              .reload = Reload::restart,
              .help = "Connections that one user may have open."},
             &Settings::rtchat_sockets, 20, between<Count>(1, 100'000));
  add<Count>(group,
             {.name = "rtchat-retries",
              .reload = Reload::restart,
              .help = "How often a message is tried to be saved with growing pauses, while the "
                      "store is away; then once every 5 s, until it is saved."},
             &Settings::rtchat_retries, 5, between<Count>(1, 1'000));
  add<Bytes>(group,
             {.name = "rtchat-pending-limit",
              .reload = Reload::restart,
              .help = "Messages that were shown and wait for a store that is away, in memory and "
                      "in the data folder; above, senders get 503."},
             &Settings::rtchat_pending, 64 * mib, between<Bytes>(kib, 64 * gib));
  return group;
}

Group timeouts() {
  Group group{"Timeouts", {}};
  add<Duration>(group,
                {.name = "header-timeout",
                 .reload = Reload::restart,
                 .help = "From a request's first byte to the end of its headers; above: 408."},
                &Settings::header_timeout, 10s, between<Duration>(100ms, 10min));
  add<Duration>(group,
                {.name = "body-timeout",
                 .reload = Reload::restart,
                 .help = "From the end of the headers to the end of the body; above: 408."},
                &Settings::body_timeout, 30s, between<Duration>(100ms, 1h));
  add<Duration>(group,
                {.name = "idle-timeout",
                 .reload = Reload::restart,
                 .help = "How long a connection without a request is kept."},
                &Settings::idle_timeout, 75s, between<Duration>(1s, 1h));
  add<Duration>(group,
                {.name = "token-grace",
                 .reload = Reload::restart,
                 .help = "How long a WebSocket outlives its token before it is closed with 4002, "
                         "unless it renews it."},
                &Settings::token_grace, 50s, between<Duration>(0s, 60s));
  add<Duration>(group,
                {.name = "heartbeat",
                 .reload = Reload::restart,
                 .help = "Between WebSocket pings; a client silent for two of them is closed."},
                &Settings::heartbeat, 25s, between<Duration>(1s, 10min));
  add<Duration>(group,
                {.name = "drain-timeout",
                 .reload = Reload::restart,
                 .help = "From SIGTERM to the end, at most."},
                &Settings::drain_timeout, 10s, between<Duration>(100ms, 10min));
  return group;
}

Group process() {
  Group group{"Process", {}};
  add<Count>(group,
             {.name = "loops",
              .reload = Reload::restart,
              .help = "Threads that serve connections.",
              .shown_default = "one for each core"},
             &Settings::loops, std::max<std::size_t>(1, std::thread::hardware_concurrency()),
             between<Count>(1, 1'024));
  add<Text>(group,
            {.name = "node",
             .reload = Reload::restart,
             .help = "This node's name among several.",
             .shown_default = "none"},
            &Settings::node, "", node_name());
  add<Choice<LogFormats>>(group,
                          {.name = "log-format",
                           .reload = Reload::restart,
                           .help = "One line for people, or one JSON object."},
                          &Settings::log_format, log::Format::console);
  add<Choice<LogLevels>>(group,
                         {.name = "log-level",
                          .reload = Reload::live,
                          .help = "The least important lines that are written."},
                         &Settings::log_level, log::Level::info);
  return group;
}

std::vector<Group> all_groups() {
  std::vector<Group> made;
  for (auto* make : {data, listening, events, callers, limits, timeouts, dinq, echo, messaging,
                     pulse, rtchat, process})
    made.push_back(make());
  return made;
}

}  // namespace

const std::vector<Group>& groups() {
  static const std::vector<Group> made = all_groups();
  return made;
}

std::vector<const AnyOption*> all_options() {
  std::vector<const AnyOption*> all;
  for (const Group& group : groups())
    for (const auto& option : group.options) all.push_back(option.get());
  return all;
}

const AnyOption* find_option(std::string_view name) {
  for (const AnyOption* option : all_options())
    if (option->name() == name) return option;
  return nullptr;
}

}  // namespace parley::config
