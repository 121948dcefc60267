// Where options are declared (those of the doors: door_options.cpp). Flag, variable, YAML key, help, docs and checks
// follow from that.
#include <thread>

#include "app/config/declare.h"

namespace parley::config {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t secret_bytes_min = 32;  // RFC 7518 §3.2, for HS256

Check<Text> long_enough() {
  return {"at least " + std::to_string(secret_bytes_min) + " bytes long",
          [](const std::string& secret) { return secret.size() >= secret_bytes_min; }};
}

Check<Text> node_name() {
  return {"1 to 64 letters, digits, dots, - or _",
          [](const std::string& name) { return name.size() <= 64 && is_plain(name); }};
}

Check<Text> collection_name() {
  return {"1 to 64 letters, digits, dots, - or _, and no collection of this server's own",
          [](const std::string& name) {
            return !name.empty() && name.size() <= 64 && name != "conversations" &&
                   name != "user_cache" && !name.starts_with("parley_") &&
                   !name.starts_with("system.") && !name.starts_with('.') && is_plain(name);
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
  add<List<PostgresUrl>>(
      group,
      {.name = "store-replicas",
       .reload = Reload::restart,
       .help = "Streaming replicas of the PostgreSQL that --store names: they answer for it when "
               "people leaf through history, lists and threads and search, whenever they have "
               "everything that it has. Each reader has one of them, in turns.",
       .secrecy = Secrecy::url,
       .shown_default = "none"},
      &Settings::store_replicas, {});
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
       .help =
           "Between the commits of one writer while several callers are at it, so that "
           "each sync carries more. Nobody waits who is alone, or once as many have come as came "
           "lately. 0: no pace."},
      &Settings::commit_pace, 2ms, between<Duration>(0ms, 1s));
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
  add<List<Text>>(
      group,
      {.name = "trusted-proxies",
       .reload = Reload::restart,
       .help = "Addresses and networks whose X-Forwarded-For is believed: the right-most "
               "address in it that is none of these is the client's, for limits that go "
               "by address and in the list of connections.",
       .shown_default = "none"},
      &Settings::trusted_proxies, {});
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
  for (auto* make : {data, listening, events, callers, limits, timeouts}) made.push_back(make());
  for (Group& group : door_groups()) made.push_back(std::move(group));
  made.push_back(process());
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
