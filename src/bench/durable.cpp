// Senders with so many unacknowledged messages each: what the server can commit, and how long an ok takes.
#include <fmt/core.h>

#include "bench/lone_sync.h"
#include "bench/pairs.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

constexpr std::chrono::milliseconds turn_max{50};
constexpr std::size_t lone_sync_times = 500;
constexpr std::size_t row_bytes = 200;  // what a store keeps of a message beside its text, about

class Durable final : Pairs {
 public:
  Durable(const Context& context, unsigned window)
      : Pairs(context, fmt::format("d{}", window)), window_(window) {}

  Result<Outcome> run();

 private:
  struct Slot {
    bool waiting = false;
    Instant sent{};
  };

  Result<void> sync_alone();
  Result<void> send_for(std::chrono::nanoseconds length);
  void send_next(std::size_t pair);
  Slot& slot_of(std::size_t pair, std::uint64_t number) {
    return slots_[pair * window_ + number % window_];
  }
  void on_ack(std::size_t pair, std::uint64_t number, Instant now) override;
  void on_delivery(std::size_t, std::uint64_t, Instant) override {}
  Outcome report(const Meter& meter, std::uint64_t acks) const;

  unsigned window_;
  std::vector<Slot> slots_;
  Histogram lone_sync_;
  bool sending_ = false;
};

Result<Outcome> Durable::run() {
  TRY_DO(set_up());
  TRY_DO(sync_alone());
  slots_.resize(count() * window_);
  context_.progress.begin(fmt::format("durable, window {}", window_), "acks");
  std::uint64_t before = 0;
  TRY(meter, measured(
                 context_, [this](std::chrono::nanoseconds length) { return send_for(length); },
                 [&] {
                   latency_.clear();
                   before = acked_;
                 }));
  if (ledger_.intact()) TRY_DO(swarm_.turn(turn_max));  // what comes twice would come now
  return report(meter, acked_ - before);
}

// As much at once as when each sender's messages under way are committed together.
Result<void> Durable::sync_alone() {
  if (context_.options.sync_folder.empty()) return {};
  const std::size_t batch = count() * window_ * (context_.options.text_bytes + row_bytes);
  TRY(took, lone_syncs(context_.options.sync_folder, batch, lone_sync_times));
  lone_sync_ = took;
  return {};
}

Result<void> Durable::send_for(std::chrono::nanoseconds length) {
  const Instant end = std::chrono::steady_clock::now() + length;
  sending_ = true;
  for (std::size_t pair = 0; pair < count(); ++pair) {
    for (unsigned place = 0; place < window_; ++place) send_next(pair);
  }
  while (ledger_.intact() && std::chrono::steady_clock::now() < end) TRY_DO(turn(turn_max));
  sending_ = false;
  return drain();
}

// Answers may come in any order: the next one waits for its own place to be free.
void Durable::send_next(std::size_t pair) {
  Slot& slot = slot_of(pair, sent(pair));
  if (!sending_ || slot.waiting) return;
  slot = {true, std::chrono::steady_clock::now()};
  send(pair);
}

void Durable::on_ack(std::size_t pair, std::uint64_t number, Instant now) {
  Slot& slot = slot_of(pair, number);
  if (!slot.waiting) return ledger_.note("a message was acknowledged twice");
  slot.waiting = false;
  latency_.add(now, now - slot.sent);
  send_next(pair);
}

Outcome Durable::report(const Meter& meter, std::uint64_t acks) const {
  Outcome outcome("durable", fmt::format("w{}", window_));
  outcome.parameters = {
      {"window", window_}, {"senders", count()}, {"text_bytes", context_.options.text_bytes}};
  outcome.add("acks", static_cast<double>(acks));
  outcome.add("acks_per_s", static_cast<double>(acks) / meter.seconds());
  meter.add_cost(outcome, acks);
  outcome.add_latency("ack", latency_);
  outcome.add_latency("lone_sync", lone_sync_);
  if (lone_sync_.count() > 0)
    outcome.add("ack_p99_times_lone_sync",
                as_ms(latency_.all().percentile(0.99)) / as_ms(lone_sync_.percentile(0.99)));
  outcome.failures = ledger_.failures();
  return outcome;
}

}  // namespace

Result<Outcome> run_durable(const Context& context, unsigned window) {
  return Durable(context, window).run();
}

}  // namespace parley::bench
