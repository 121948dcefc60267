#include "bench/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace parley::bench {
namespace {

constexpr std::chrono::milliseconds interval{500};

double server_cpu(const Processes& processes) {
  const auto cpu = processes.cpu();
  return cpu ? cpu->server + cpu->others : 0;
}

}  // namespace

Progress::Progress(const Processes& processes, Shown shown)
    : processes_(processes), shown_(shown == Shown::on_terminal && ::isatty(STDERR_FILENO) == 1) {}

void Progress::begin(std::string what, std::string unit) {
  what_ = std::move(what);
  unit_ = std::move(unit);
  done_ = 0;
  drawn_ = std::chrono::steady_clock::now();
  if (!shown_) return;
  cpu_seconds_ = server_cpu(processes_);
  fmt::print(stderr, "\r\033[K{} …", what_);
}

void Progress::clear() const {
  if (shown_) fmt::print(stderr, "\r\033[K");
}

void Progress::draw(std::uint64_t done, const Histogram* latency) {
  const Instant now = std::chrono::steady_clock::now();
  if (now - drawn_ < interval) return;
  const double seconds = std::chrono::duration<double>(now - drawn_).count();
  const auto since = done >= done_ ? done - done_ : done;  // a new part counts from 0
  std::string line =
      fmt::format("{}   {:.0f} {}/s", what_, static_cast<double>(since) / seconds, unit_);
  if (latency != nullptr && latency->count() > 0) {
    const std::chrono::duration<double, std::milli> p99 = latency->percentile(0.99);
    line += fmt::format("   p99 {:.2f} ms", p99.count());
  }
  if (processes_.known()) {
    const double cpu = server_cpu(processes_);
    line += fmt::format("   server {:.2f} CPU", (cpu - cpu_seconds_) / seconds);
    cpu_seconds_ = cpu;
  }
  fmt::print(stderr, "\r\033[K{}", line);
  drawn_ = now;
  done_ = done;
}

}  // namespace parley::bench
