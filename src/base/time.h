// Wall-clock time as the product shows it, and the clock as a parameter.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace parley {

// Microseconds: what every store keeps; a wire shows fewer digits where its contract says so.
using Time = std::chrono::sys_time<std::chrono::microseconds>;
// For deadlines and timers; never shown, never stored.
using Instant = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  [[nodiscard]] virtual Instant instant() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  [[nodiscard]] Instant instant() const override { return std::chrono::steady_clock::now(); }
};

// 2026-01-02T03:04:05.678Z; digits is 0, 3 or 6.
[[nodiscard]] std::string rfc3339(Time at, int digits = 3);
void append_rfc3339(std::string& out, Time at, int digits = 3);
[[nodiscard]] std::optional<Time> parse_rfc3339(std::string_view text);

[[nodiscard]] inline std::int64_t to_micros(Time at) { return at.time_since_epoch().count(); }
[[nodiscard]] inline Time from_micros(std::int64_t micros) {
  return Time{std::chrono::microseconds{micros}};
}

}  // namespace parley
