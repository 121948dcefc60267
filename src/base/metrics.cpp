#include "base/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>

namespace parley::metrics {
namespace {
prometheus::Registry& registry() {
  static prometheus::Registry instance;
  return instance;
}

// The second number there counts pages.
double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
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

std::string text() {
  static auto& resident =
      gauge("process_resident_memory_bytes", "Memory of this process that is in RAM");
  resident.Set(resident_bytes());
  return prometheus::TextSerializer().Serialize(registry().Collect());
}

std::string text_of(const std::string& name, const std::string& shown_as) {
  auto all = registry().Collect();
  std::erase_if(all, [&](const auto& one) { return one.name != name; });
  for (auto& one : all) one.name = shown_as;
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace parley::metrics
