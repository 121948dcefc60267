// The figures under the names that this wire promises; there from the start.
#pragma once

#include "base/metrics.h"

namespace parley::messaging {

[[nodiscard]] inline metrics::Gauge& connections() {
  static auto& figure =
      metrics::gauge("messaging_websocket_connections", "Connections at the messaging door");
  return figure;
}
[[nodiscard]] inline metrics::Counter& messages_sent() {
  static auto& figure =
      metrics::counter("messaging_messages_sent_total", "Messages accepted at the messaging door");
  return figure;
}
[[nodiscard]] inline metrics::Counter& messages_received() {
  static auto& figure =
      metrics::counter("messaging_messages_received_total", "Message frames written to recipients");
  return figure;
}
[[nodiscard]] inline metrics::Histogram& latency() {
  static auto& figure =
      metrics::histogram("messaging_message_latency_seconds", "From accepted to written",
                         {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1});
  return figure;
}
[[nodiscard]] inline metrics::Gauge& conversations() {
  static auto& figure =
      metrics::gauge("messaging_conversations_total", "Conversations that there are");
  return figure;
}
[[nodiscard]] inline metrics::Gauge& users_online() {
  static auto& figure = metrics::gauge("messaging_users_online", "People who are there");
  return figure;
}
inline void show_all_figures() {
  connections().Increment(0);
  messages_sent().Increment(0);
  messages_received().Increment(0);
  static_cast<void>(latency());
  conversations().Increment(0);
  users_online().Increment(0);
}

}  // namespace parley::messaging
