// One line on a terminal that says how it goes: rate, p99, the server's CPU. Silent elsewhere.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "bench/histogram.h"
#include "bench/processes.h"

namespace parley::bench {

class Progress {
 public:
  enum class Shown : std::uint8_t { on_terminal, never };
  explicit Progress(const Processes& processes, Shown shown = Shown::on_terminal);
  // What is counted from here on: "fanout, window 16", "deliveries".
  void begin(std::string what, std::string unit);
  // Often; draws now and then.
  void tick(std::uint64_t done, const Histogram* latency) {
    if (shown_) draw(done, latency);
  }
  void clear() const;

 private:
  void draw(std::uint64_t done, const Histogram* latency);

  const Processes& processes_;
  bool shown_;
  std::string what_;
  std::string unit_;
  Instant drawn_{};
  std::uint64_t done_ = 0;
  double cpu_seconds_ = 0;
};

}  // namespace parley::bench
