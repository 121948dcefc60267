// What a run stands on: who measures what, users with their tokens, conversations made by REST.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/opening.h"
#include "bench/options.h"
#include "bench/outcome.h"
#include "bench/processes.h"
#include "bench/progress.h"
#include "bench/target.h"

namespace parley::bench {

struct Context {
  const Options& options;
  const Target& target;
  const Processes& processes;
  Progress& progress;
  std::string run;  // makes the names of this run's users unlike those of any other

  // Of each measured part.
  [[nodiscard]] std::chrono::nanoseconds length() const {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(options.seconds * 1e9));
  }
  [[nodiscard]] std::string user(std::string_view role, std::size_t number) const;
  [[nodiscard]] Result<std::string> token(std::string_view user) const;
  // A connection of this user, from this cursor if there is one.
  [[nodiscard]] Result<Opening> opening(std::string_view user, std::string_view cursor = {}) const;
};

struct Opened {
  std::string id;
  std::uint64_t next_seq = 0;  // of the first message that is sent from now on
};

// A conversation with these members besides its owner. One message is sent, which tells where its log stands.
[[nodiscard]] Result<Opened> open_conversation(const Context& context, std::string_view type,
                                               std::string_view owner,
                                               const std::vector<std::string>& members);

// What was used between two moments.
class Meter {
 public:
  explicit Meter(const Processes& processes) : processes_(processes) {}
  [[nodiscard]] Result<void> start();
  [[nodiscard]] Result<void> stop();
  [[nodiscard]] double seconds() const { return seconds_; }
  [[nodiscard]] CpuSeconds cpu() const { return cpu_; }
  // CPU for each million of what was done, of the server, its helpers and this client.
  void add_cost(Outcome& outcome, std::uint64_t done) const;

 private:
  const Processes& processes_;
  Instant began_{};
  CpuSeconds cpu_began_;
  double own_began_ = 0;
  double seconds_ = 0;
  CpuSeconds cpu_;
  double own_ = 0;
};

// The load goes on for a little while, which is forgotten, and is then measured.
template <class LoadFor, class Forget>
[[nodiscard]] Result<Meter> measured(const Context& context, LoadFor load_for, Forget forget) {
  constexpr std::chrono::milliseconds warm_up{500};
  TRY_DO(load_for(std::chrono::nanoseconds(warm_up)));
  forget();
  Meter meter(context.processes);
  TRY_DO(meter.start());
  TRY_DO(load_for(context.length()));
  TRY_DO(meter.stop());
  return meter;
}

// Notices that nothing has moved for too long.
class Patience {
 public:
  [[nodiscard]] bool ends(std::uint64_t done, Instant now);

 private:
  std::uint64_t done_ = ~std::uint64_t{0};
  Instant moved_{};
};

}  // namespace parley::bench
