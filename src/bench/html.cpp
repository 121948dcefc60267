#include "bench/html.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encodings.h"
#include "base/time.h"
#include "bench/report.h"
#include "bench/svg.h"

namespace parley::bench {
namespace {

constexpr std::string_view style = R"(<style>
:root { color-scheme: light dark; --ink: light-dark(#222, #ddd); --faint: light-dark(#ddd, #444); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .1rem .8rem; text-align: right; border-bottom: 1px solid var(--faint); }
th:first-child, td:first-child { text-align: left; } .broken { color: #c22; font-weight: bold; }
figure { display: inline-block; width: min(100%, 34rem); margin: 1rem 1rem 1rem 0; } svg { width: 100%; }
svg text { font-size: 12px; fill: var(--ink); } svg line { stroke: var(--faint); } rect { fill: #4a7fd4; }
polyline { fill: none; stroke-width: 1.5; } polyline.p50 { stroke: #2a9d5c; } polyline.p99 { stroke: #4a7fd4; }
polyline.max { stroke: #d9822b; } svg text.p50 { fill: #2a9d5c; } svg text.p99 { fill: #4a7fd4; } svg text.max { fill: #d9822b; }
</style>
)";

std::string figure(std::string_view caption, const std::string& drawing) {
  return fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n", html_escaped(caption),
                     drawing);
}

// A second for a million is a microsecond for one.
std::string cost_chart(std::span<const Outcome> outcomes) {
  std::vector<Named> bars;
  for (const Outcome& outcome : outcomes) {
    for (const auto& [name, value] : outcome.figures) {
      if (name == "server_cpu_s_per_million") bars.push_back({outcome.title(), value});
      if (name == "store_cpu_s_per_million")
        bars.push_back({outcome.title() + ", database", value});
    }
  }
  if (bars.empty()) return {};
  return "<h2>CPU per message</h2>\n" + figure("microseconds of the server", bar_chart(bars));
}

std::string section(const Outcome& outcome) {
  std::string out = fmt::format("<h2>{}</h2>\n<p>", html_escaped(outcome.title()));
  for (const auto& [name, value] : outcome.parameters) {
    out += fmt::format("{} {:.6g} &nbsp; ", html_escaped(name), value);
  }
  out += "</p>\n";
  for (const std::string& failure : outcome.failures) {
    out += fmt::format("<p class=\"broken\">{}</p>\n", html_escaped(failure));
  }
  out += "<table>\n";
  for (const Figure& one : outcome.figures) {
    out +=
        fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", html_escaped(one.name), shown(one.value));
  }
  out += "</table>\n";
  for (const Plot& plot : outcome.plots) {
    out += figure(plot.name + " over time", latency_over_time(plot.points));
    out += figure(plot.name + ": how many took how long", histogram_drawing(plot.bars));
  }
  return out;
}

}  // namespace

std::string as_html(const Options& options, const Machine& machine,
                    std::span<const Outcome> outcomes) {
  std::string when;
  append_rfc3339(when, SystemClock().now(), 0);
  const std::string title = options.label.empty() ? "parley bench" : options.label;
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n<title>{0}</title>\n{1}"
      "<h1>{0}</h1>\n<p>{2}, {3} cores of {4}, {5:.0f} GiB, {6}</p>\n<p><code>{7}</code></p>\n",
      html_escaped(title), style, when, machine.cores, html_escaped(machine.cpu),
      machine.memory_gib, html_escaped(machine.kernel), html_escaped(options.command_line));
  out += cost_chart(outcomes);
  for (const Outcome& outcome : outcomes) out += section(outcome);
  return out + "</html>\n";
}

}  // namespace parley::bench
