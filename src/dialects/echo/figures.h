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

}  // namespace parley::echo
