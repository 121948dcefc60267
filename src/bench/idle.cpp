// Connections that have said hello and then nothing: what connecting costs, and what each one keeps.
#include <fmt/core.h>

#include "bench/swarm.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

constexpr unsigned warm_up_connections = 64;  // what the first ones allocate once is not theirs
constexpr std::chrono::seconds settle{1};
constexpr std::chrono::milliseconds turn_max{50};

class Idle final : Swarm::Handler {
 public:
  explicit Idle(const Context& context) : context_(context), swarm_(context.target, *this) {}

  Result<Outcome> run();

 private:
  Result<void> add_users(std::string_view role, unsigned count);
  Result<void> wait();
  Result<Memory> memory() const;
  void on_message(std::size_t, std::string_view, Instant) override {}  // nothing is awaited
  Outcome report(const Meter& meter, Memory before, Memory after) const;

  const Context& context_;
  Swarm swarm_;
};

Result<Outcome> Idle::run() {
  TRY_DO(allow_descriptors(context_.options.connections));
  TRY_DO(add_users("warm", warm_up_connections));
  TRY_DO(swarm_.connect_all(context_.progress));
  swarm_.close_all();
  TRY_DO(wait());
  TRY(before, memory());
  TRY_DO(add_users("idle", context_.options.connections));
  context_.progress.begin("idle: connecting", "connections");
  Meter meter(context_.processes);
  TRY_DO(meter.start());
  TRY_DO(swarm_.connect_all(context_.progress));
  TRY_DO(meter.stop());
  TRY_DO(wait());
  TRY(after, memory());
  return report(meter, before, after);
}

Result<void> Idle::add_users(std::string_view role, unsigned count) {
  for (unsigned number = 0; number < count; ++number) {
    TRY(opening, context_.opening(context_.user(role, number)));
    swarm_.add(std::move(opening));
  }
  return {};
}

Result<void> Idle::wait() {
  const Instant end = std::chrono::steady_clock::now() + settle;
  while (std::chrono::steady_clock::now() < end) TRY_DO(swarm_.turn(turn_max));
  return {};
}

Result<Memory> Idle::memory() const {
  return context_.processes.known() ? context_.processes.memory() : Memory{};
}

Outcome Idle::report(const Meter& meter, Memory before, Memory after) const {
  const double count = context_.options.connections;
  Outcome outcome("idle");
  outcome.parameters = {{"connections", count}};
  outcome.add("connects_per_s", count / meter.seconds());
  if (!context_.processes.known()) return outcome;
  outcome.add("connect_server_cpu_s", meter.cpu().server);
  if (context_.processes.has_others()) outcome.add("connect_store_cpu_s", meter.cpu().others);
  outcome.add("rss_before_kib", before.rss_kib);
  outcome.add("rss_after_kib", after.rss_kib);
  outcome.add("rss_kib_per_connection", (after.rss_kib - before.rss_kib) / count);
  outcome.add("pss_kib_per_connection", (after.pss_kib - before.pss_kib) / count);
  return outcome;
}

}  // namespace

Result<Outcome> run_idle(const Context& context) { return Idle(context).run(); }

}  // namespace parley::bench
