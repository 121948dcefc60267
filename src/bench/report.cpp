#include "bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json_writer.h"
#include "base/time.h"

namespace parley::bench {
namespace {

constexpr std::size_t cell_width = 17;

std::vector<std::string> names_of(std::span<const Outcome> outcomes) {
  std::vector<std::string> names;
  for (const Outcome& outcome : outcomes) {
    for (const Figure& figure : outcome.figures) {
      if (std::ranges::find(names, figure.name) == names.end()) names.push_back(figure.name);
    }
  }
  return names;
}

std::string cell(const Outcome& outcome, const std::string& name) {
  const auto found = std::ranges::find(outcome.figures, name, &Figure::name);
  return found == outcome.figures.end() ? "" : shown(found->value);
}

std::string with_commas(std::string digits) {
  const std::size_t start = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = digits.size(); at > start + 3;) digits.insert(at -= 3, ",");
  return digits;
}

void write_numbers(JsonWriter& json, std::initializer_list<double> numbers) {
  json.open_list();
  for (const double number : numbers) json.value(number);
  json.close_list();
}

void write_plot(JsonWriter& json, const Plot& plot) {
  json.open();
  json.field("name", plot.name);
  json.key("s_p50_p99_max_ms");
  json.open_list();
  for (const auto& [at_s, p50_ms, p99_ms, max_ms] : plot.points)
    write_numbers(json, {at_s, p50_ms, p99_ms, max_ms});
  json.close_list();
  json.key("upto_ms_count");
  json.open_list();
  for (const auto& [upto, count] : plot.bars)
    write_numbers(json, {as_ms(upto), static_cast<double>(count)});
  json.close_list();
  json.close();
}

void write_outcome(JsonWriter& json, const Outcome& outcome) {
  json.open();
  json.field("workload", outcome.workload);
  json.field("variant", outcome.variant);
  json.key("parameters");
  json.open();
  for (const auto& [name, value] : outcome.parameters) json.field(name, value);
  json.close();
  json.key("figures");
  json.open();
  for (const Figure& figure : outcome.figures) json.field(figure.name, figure.value);
  json.close();
  json.key("failures");
  json.open_list();
  for (const std::string& failure : outcome.failures) json.value(failure);
  json.close_list();
  json.key("plots");
  json.open_list();
  for (const Plot& plot : outcome.plots) write_plot(json, plot);
  json.close_list();
  json.close();
}

void write_machine(JsonWriter& json, const Machine& machine) {
  json.key("machine");
  json.open();
  json.field("cores", machine.cores);
  json.field("cpu", machine.cpu);
  json.field("kernel", machine.kernel);
  json.field("memory_gib", machine.memory_gib);
  json.close();
}

}  // namespace

std::string shown(double value) {
  if (!std::isfinite(value)) return "–";
  const double size = std::abs(value);
  if (size >= 100) return with_commas(fmt::format("{:.0f}", value));
  if (size >= 10) return fmt::format("{:.1f}", value);
  if (size >= 0.1 || size == 0) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3g}", value);
}

std::string shown_count(std::uint64_t count) { return with_commas(std::to_string(count)); }

std::string as_table(std::span<const Outcome> outcomes) {
  std::string out = fmt::format("{:30}", "");
  for (const Outcome& outcome : outcomes) {
    out += fmt::format("{:>{}}", outcome.title(), cell_width);
  }
  for (const std::string& name : names_of(outcomes)) {
    out += fmt::format("\n{:30}", name);
    for (const Outcome& outcome : outcomes) {
      out += fmt::format("{:>{}}", cell(outcome, name), cell_width);
    }
  }
  out += fmt::format("\n{:30}", "each once, in order");
  for (const Outcome& outcome : outcomes) {
    const bool checked = outcome.workload != "idle";
    const char* word = outcome.failures.empty() ? "yes" : "NO";
    out += fmt::format("{:>{}}", checked ? word : "", cell_width);
  }
  out += '\n';
  return out;
}

std::string as_json(const Options& options, const Machine& machine,
                    std::span<const Outcome> outcomes) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("label", options.label);
  json.field("measured_at", SystemClock().now());
  json.field("command_line", options.command_line);
  write_machine(json, machine);
  json.field("seconds", options.seconds);
  json.key("outcomes");
  json.open_list();
  for (const Outcome& outcome : outcomes) write_outcome(json, outcome);
  json.close_list();
  json.close();
  out += '\n';
  return out;
}

}  // namespace parley::bench
