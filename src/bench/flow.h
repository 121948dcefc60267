// Others who go on talking while a workload does something to the server: pairs at a fixed rate, on a thread of their
// own, so that what the workload does in this process does not delay their clock.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include "bench/paced.h"

namespace parley::bench {

// The same run without a line on the terminal, which belongs to the workload.
struct Silently {
  explicit Silently(const Context& loud)
      : progress(loud.processes, Progress::Shown::never),
        context{loud.options, loud.target, loud.processes, progress, loud.run} {}

  Progress progress;
  Context context;
};

class Flow final : Silently, Paced {
 public:
  enum class Part : std::uint8_t { warm_up, quiet, loud };
  struct Latencies {
    Track acks;
    Track deliveries;
  };

  explicit Flow(const Context& loud);
  ~Flow() { static_cast<void>(stop()); }
  // Their conversations are open and they send.
  [[nodiscard]] Result<void> start();
  // What arrives from now on counts for this part.
  void enter(Part part) { part_ = part; }
  // Everything that was sent has arrived, or a check has failed.
  [[nodiscard]] Result<void> stop();
  // After stop().
  [[nodiscard]] const Latencies& of(Part part) const {
    return latencies_[static_cast<std::size_t>(part)];
  }
  [[nodiscard]] const std::vector<std::string>& failures() const { return ledger_.failures(); }

 private:
  void on_latency(Kind of, Instant now, std::chrono::nanoseconds latency) override;

  std::atomic<Part> part_{Part::warm_up};
  std::atomic<bool> stopping_{false};
  std::array<Latencies, 3> latencies_;
  Result<void> ended_;
  std::thread thread_;
};

// The others' latencies before and meanwhile, and how many times worse the 99th percentile became.
void add_before_and_meanwhile(Outcome& outcome, const Flow& flow);

}  // namespace parley::bench
