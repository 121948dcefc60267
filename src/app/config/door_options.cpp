// The options of the doors for other services, in a group each.
#include "app/config/declare.h"

namespace parley::config {
namespace {

using namespace std::chrono_literals;

Check<Text> topic_name() {
  return {"1 to 249 letters, digits, dots, - or _", [](const std::string& name) {
            return !name.empty() && name.size() <= 249 && is_plain(name);
          }};
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
             {.name = "dinq-admin-open",
              .reload = Reload::restart,
              .help = "Everybody may use the admin routes, as at the original. For tests."},
             &Settings::dinq_admin_open, false);
  add<Text>(group,
            {.name = "dinq-ws-url",
             .reload = Reload::restart,
             .help = "Where the sockets are, as /message/ws-token says it: "
                     "wss://chat.example.com/ws.",
             .shown_default = "where it was asked"},
            &Settings::dinq_ws_url, "");
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

}  // namespace

std::vector<Group> door_groups() {
  std::vector<Group> made;
  for (auto* make : {dinq, echo, messaging, pulse, rtchat}) made.push_back(make());
  return made;
}

}  // namespace parley::config
