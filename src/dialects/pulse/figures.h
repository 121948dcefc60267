// The figures under the names that this wire promises; there from the start.
#pragma once

#include "base/metrics.h"

namespace parley::pulse {

[[nodiscard]] inline metrics::Gauge& connections() {
  static auto& figure =
      metrics::gauge("websocket_connections_active", "Connections at the pulse door");
  return figure;
}
[[nodiscard]] inline metrics::Counter& messages_processed() {
  static auto& figure =
      metrics::counter("messages_processed_total", "Messages stored at the pulse door");
  return figure;
}
// `endpoint` is a route's pattern: there are never more of them than routes.
[[nodiscard]] inline metrics::Counter& requests(const std::string& method,
                                                const std::string& endpoint, unsigned status) {
  return metrics::counter(
      "http_requests_total", "Requests at the pulse door",
      {{"method", method}, {"endpoint", endpoint}, {"status", std::to_string(status)}});
}
[[nodiscard]] inline metrics::Histogram& request_seconds(const std::string& method,
                                                         const std::string& endpoint) {
  return metrics::histogram("http_request_duration_seconds", "Time of requests at the pulse door",
                            {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5},
                            {{"method", method}, {"endpoint", endpoint}});
}
inline void show_all_figures() {
  connections().Increment(0);
  messages_processed().Increment(0);
  requests("GET", "/health", 200).Increment(0);
  static_cast<void>(request_seconds("GET", "/health"));
}

}  // namespace parley::pulse
