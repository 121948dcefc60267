// The figures under the names that this wire promises; there from the start.
#pragma once

#include "base/metrics.h"

namespace parley::echo {

[[nodiscard]] inline metrics::Gauge& connections() {
  static auto& figure =
      metrics::gauge("echo_websocket_connections", "Connections at the echo door");
  return figure;
}

[[nodiscard]] inline metrics::Counter& messages_sent() {
  static auto& figure =
      metrics::counter("echo_messages_sent_total", "Messages sent at the echo door");
  return figure;
}

[[nodiscard]] inline metrics::Counter& offline_pushes() {
  static auto& figure = metrics::counter("echo_offline_push_total",
                                         "Messages told to the broker for people who were away");
  return figure;
}

[[nodiscard]] inline metrics::Histogram& publish_seconds() {
  static auto& figure =
      metrics::histogram("echo_kafka_publish_seconds", "Until the broker has taken what is told",
                         {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5});
  return figure;
}

[[nodiscard]] inline metrics::Histogram& delivery_seconds() {
  static auto& figure = metrics::histogram(
      "echo_message_delivery_seconds", "From accepted to written to a recipient's socket",
      {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5});
  return figure;
}

inline void show_all_figures() {
  connections().Increment(0);
  messages_sent().Increment(0);
  offline_pushes().Increment(0);
  static_cast<void>(publish_seconds());
  static_cast<void>(delivery_seconds());
}

}  // namespace parley::echo
