// Drawings for the HTML report.
#pragma once

#include <span>
#include <string>

#include "bench/track.h"

namespace parley::bench {

// The 50th and 99th percentile and the longest, over time.
[[nodiscard]] std::string latency_over_time(std::span<const Track::Point> points);
// How many took how long; the scale of time is logarithmic.
[[nodiscard]] std::string histogram_drawing(std::span<const Histogram::Bar> bars);

struct Named {
  std::string name;
  double value = 0;
};
[[nodiscard]] std::string bar_chart(std::span<const Named> bars);

}  // namespace parley::bench
