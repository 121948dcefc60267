// What a workload found out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/histogram.h"

namespace parley::bench {

struct Figure {
  std::string name;  // its unit ends it: "latency_p99_ms"
  double value = 0;
};

struct Outcome {
  std::string workload;
  std::vector<std::pair<std::string, double>> parameters;
  std::vector<Figure> figures;
  std::vector<std::string> failures;  // of the checks; none: everything arrived once, in order

  void add(std::string name, double value) { figures.push_back({std::move(name), value}); }
  void add_latency(const std::string& prefix, const Histogram& latency) {
    if (latency.count() == 0) return;
    const auto ms = [](Histogram::Duration time) {
      return std::chrono::duration<double, std::milli>(time).count();
    };
    add(prefix + "_p50_ms", ms(latency.percentile(0.5)));
    add(prefix + "_p99_ms", ms(latency.percentile(0.99)));
    add(prefix + "_p99_9_ms", ms(latency.percentile(0.999)));
    add(prefix + "_max_ms", ms(latency.max()));
  }
};

}  // namespace parley::bench
