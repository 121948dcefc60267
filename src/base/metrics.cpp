#include "base/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace parley::metrics {
namespace {
prometheus::Registry& registry() {
  static prometheus::Registry instance;
  return instance;
}
}  // namespace

Counter& counter(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry()).Add(labels);
}

Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry()).Add(labels);
}

Histogram& histogram(const std::string& name, const std::string& help,
                     const std::vector<double>& buckets, const Labels& labels) {
  return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Register(registry())
      .Add(labels, buckets);
}

std::string text() { return prometheus::TextSerializer().Serialize(registry().Collect()); }

}  // namespace parley::metrics
