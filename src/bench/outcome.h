// What a workload found out.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/track.h"

namespace parley::bench {

struct Figure {
  std::string name;  // its unit ends it: "latency_p99_ms"
  double value = 0;
};

// What there is to draw of one kind of latency.
struct Plot {
  std::string name;
  std::vector<Track::Point> points;
  std::vector<Histogram::Bar> bars;
};

struct Outcome {
  explicit Outcome(std::string workload_name, std::string variant_name = {})
      : workload(std::move(workload_name)), variant(std::move(variant_name)) {}

  std::string workload;
  std::string variant;  // tells outcomes of one workload apart: "w16"
  std::vector<std::pair<std::string, double>> parameters;
  std::vector<Figure> figures;
  std::vector<std::string> failures;  // of the checks; none: everything arrived once, in order
  std::vector<Plot> plots;

  [[nodiscard]] std::string title() const {
    return variant.empty() ? workload : workload + ' ' + variant;
  }
  [[nodiscard]] std::optional<double> figure(std::string_view name) const {
    const auto found = std::ranges::find(figures, name, &Figure::name);
    return found == figures.end() ? std::nullopt : std::optional{found->value};
  }
  void add(std::string name, double value) { figures.push_back({std::move(name), value}); }
  void add_latency(const std::string& prefix, const Histogram& latency) {
    if (latency.count() == 0) return;
    add(prefix + "_p50_ms", as_ms(latency.percentile(0.5)));
    add(prefix + "_p99_ms", as_ms(latency.percentile(0.99)));
    add(prefix + "_p99_9_ms", as_ms(latency.percentile(0.999)));
    add(prefix + "_max_ms", as_ms(latency.max()));
  }
  void add_latency(const std::string& prefix, const Track& latency) {
    add_latency(prefix, latency.all());
    if (latency.all().count() > 0)
      plots.push_back({prefix, latency.points(), latency.all().bars()});
  }
};

}  // namespace parley::bench
