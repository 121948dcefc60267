// Latencies: all together, and as they went over time.
#pragma once

#include <vector>

#include "base/time.h"
#include "bench/histogram.h"

namespace parley::bench {

class Track {
 public:
  // Of a quarter of a second; it began so long after the first one.
  struct Point {
    double at_s = 0;
    double p50_ms = 0;
    double p99_ms = 0;
    double max_ms = 0;
  };

  void add(Instant when, Histogram::Duration latency);
  void clear() { *this = {}; }
  [[nodiscard]] const Histogram& all() const { return all_; }
  [[nodiscard]] std::vector<Point> points() const;

 private:
  static constexpr std::chrono::milliseconds slot{250};

  [[nodiscard]] Point point() const;

  Histogram all_;
  Histogram now_;  // of the slot that is not over
  Instant began_{};
  Instant slot_began_{};
  std::vector<Point> points_;
};

[[nodiscard]] inline double as_ms(Histogram::Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace parley::bench
