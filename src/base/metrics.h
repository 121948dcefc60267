// The process's figures, shown at /metrics. A figure is declared where it is counted:
//   static auto& sent = metrics::counter("parley_messages_total", "Messages committed");
//   sent.Increment();
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <map>
#include <string>
#include <vector>

namespace parley::metrics {

using Labels = std::map<std::string, std::string>;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

// The same name and labels give the same figure; references stay valid for the life of the process.
[[nodiscard]] Counter& counter(const std::string& name, const std::string& help,
                               const Labels& labels = {});
[[nodiscard]] Gauge& gauge(const std::string& name, const std::string& help,
                           const Labels& labels = {});
// Buckets are upper bounds; the unit ends the name.
[[nodiscard]] Histogram& histogram(const std::string& name, const std::string& help,
                                   const std::vector<double>& buckets, const Labels& labels = {});

// Prometheus' text form of all of them, and of what the process takes.
[[nodiscard]] std::string text();
// Of that one alone, under another name: for a wire that promises it.
[[nodiscard]] std::string text_of(const std::string& name, const std::string& shown_as);

}  // namespace parley::metrics
