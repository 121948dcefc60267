// Direct messages at a fixed rate, whatever the server does.
#include "bench/paced.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

constexpr std::chrono::milliseconds turn_max{50};

class Live final : Paced {
 public:
  explicit Live(const Context& context) : Paced(context, "l", context.options.rate) {}

  Result<Outcome> run();

 private:
  Result<void> send_for(std::chrono::nanoseconds length);
  void on_latency(Kind of, Instant now, std::chrono::nanoseconds latency) override {
    if (of == Kind::message) latency_.add(now, latency);
  }
  Outcome report(const Meter& meter, std::uint64_t delivered) const;
};

Result<Outcome> Live::run() {
  wake_exactly();
  TRY_DO(set_up());
  context_.progress.begin("live", "messages");
  std::uint64_t before = 0;
  TRY(meter, measured(
                 context_, [this](std::chrono::nanoseconds length) { return send_for(length); },
                 [&] {
                   latency_.clear();
                   before = delivered_;
                 }));
  if (ledger_.intact()) TRY_DO(swarm_.turn(turn_max));  // what comes twice would come now
  return report(meter, delivered_ - before);
}

Result<void> Live::send_for(std::chrono::nanoseconds length) {
  const Instant end = std::chrono::steady_clock::now() + length;
  return send_while([end](Instant due) { return due < end; });
}

Outcome Live::report(const Meter& meter, std::uint64_t delivered) const {
  Outcome outcome("live");
  outcome.parameters = {{"rate", static_cast<double>(per_second())},
                        {"senders", count()},
                        {"text_bytes", context_.options.text_bytes}};
  outcome.add("deliveries", static_cast<double>(delivered));
  outcome.add("deliveries_per_s", static_cast<double>(delivered) / meter.seconds());
  meter.add_cost(outcome, delivered);
  outcome.add_latency("delivery", latency_);
  outcome.failures = ledger_.failures();
  return outcome;
}

}  // namespace

Result<Outcome> run_live(const Context& context) { return Live(context).run(); }

}  // namespace parley::bench
