#include "bench/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/encodings.h"
#include "bench/report.h"

namespace parley::bench {
namespace {

constexpr double width = 640;
constexpr double height = 220;
constexpr double left = 64;
constexpr double right = 12;
constexpr double top = 12;
constexpr double bottom = 32;
constexpr double plot_width = width - left - right;
constexpr double plot_height = height - top - bottom;
constexpr double bar_height = 26;
constexpr double bar_names = 220;

// The least of 1, 2, 5, 10, 20 … that is not below: the end of an axis.
double round_up(double value) {
  if (value <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (value <= step * power) return step * power;
  }
  return 10 * power;
}

std::string begin_drawing(double drawn_height) {
  return fmt::format(R"(<svg viewBox="0 0 {} {}" role="img">)", width, drawn_height);
}

std::string word(double x, double y, std::string_view anchor, std::string_view text) {
  return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", x, y, anchor,
                     html_escaped(text));
}

std::string line(double x1, double y1, double x2, double y2) {
  return fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", x1, y1, x2, y2);
}

// Lines from left to right with what they stand for.
std::string value_axis(double end, std::string_view unit) {
  std::string out;
  for (int step = 0; step <= 4; ++step) {
    const double y = top + plot_height * (1 - step / 4.0);
    out += line(left, y, width - right, y);
    out += word(left - 6, y + 4, "end", fmt::format("{:.6g}{}", end * step / 4, unit));
  }
  return out;
}

std::string curve(std::span<const Track::Point> points, double Track::Point::* value,
                  std::string_view kind, double last_s, double top_ms) {
  std::string out = fmt::format(R"(<polyline class="{}" points=")", kind);
  for (const Track::Point& point : points) {
    out += fmt::format("{:.1f},{:.1f} ", left + plot_width * point.at_s / last_s,
                       top + plot_height * (1 - point.*value / top_ms));
  }
  return out + R"("/>)";
}

std::string legend() {
  constexpr double step = 60;
  std::string out;
  double x = width - right - 3 * step;
  for (const std::string_view kind : {"p50", "p99", "max"}) {
    out += fmt::format(R"(<text class="{0}" x="{1}" y="{2}">{0}</text>)", kind, x, height - 8);
    x += step;
  }
  return out;
}

double log_ms(Histogram::Duration time) { return std::log10(std::max(as_ms(time), 1e-3)); }

}  // namespace

std::string latency_over_time(std::span<const Track::Point> points) {
  if (points.empty()) return {};
  const double last_s = std::max(points.back().at_s, 0.25);
  const double top_ms = round_up(std::ranges::max(points, {}, &Track::Point::max_ms).max_ms);
  std::string out = begin_drawing(height) + value_axis(top_ms, " ms");
  out += curve(points, &Track::Point::max_ms, "max", last_s, top_ms);
  out += curve(points, &Track::Point::p99_ms, "p99", last_s, top_ms);
  out += curve(points, &Track::Point::p50_ms, "p50", last_s, top_ms);
  out += word(left, height - 8, "middle", "0 s");
  out += word(left + plot_width / 2, height - 8, "middle", fmt::format("{:.3g} s", last_s / 2));
  return out + legend() + "</svg>";
}

std::string histogram_drawing(std::span<const Histogram::Bar> bars) {
  if (bars.empty()) return {};
  const double first = log_ms(bars.front().upto);
  const double span = std::max(log_ms(bars.back().upto) - first, 0.1);
  const double most =
      round_up(static_cast<double>(std::ranges::max(bars, {}, &Histogram::Bar::count).count));
  const double bar_width = std::max(plot_width / static_cast<double>(bars.size()) - 1, 1.0);
  std::string out = begin_drawing(height) + value_axis(most, "");
  for (const Histogram::Bar& bar : bars) {
    const double tall = plot_height * static_cast<double>(bar.count) / most;
    out += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)",
                       left + (plot_width - bar_width) * (log_ms(bar.upto) - first) / span,
                       top + plot_height - tall, bar_width, tall);
  }
  for (int step = 0; step <= 4; ++step) {
    out += word(left + plot_width * step / 4, height - 8, step == 4 ? "end" : "middle",
                fmt::format("{:.3g} ms", std::pow(10, first + span * step / 4)));
  }
  return out + "</svg>";
}

std::string bar_chart(std::span<const Named> bars) {
  if (bars.empty()) return {};
  const double most = round_up(std::ranges::max(bars, {}, &Named::value).value);
  std::string out = begin_drawing(bar_height * static_cast<double>(bars.size()) + top);
  double y = top;
  for (const Named& bar : bars) {
    const double wide = (width - bar_names - 70) * std::max(bar.value, 0.0) / most;
    out += word(bar_names - 8, y + 14, "end", bar.name);
    out += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)", bar_names,
                       y, wide, bar_height - 8);
    out += word(bar_names + wide + 6, y + 14, "start", shown(bar.value));
    y += bar_height;
  }
  return out + "</svg>";
}

}  // namespace parley::bench
