#include "bench/exchange.h"

#include <fmt/core.h>

#include "bench/send_frame.h"

namespace parley::bench {
namespace {

constexpr std::chrono::milliseconds turn_max{50};

}  // namespace

Exchange::Exchange(const Context& context, std::string workload, std::string_view variant)
    : context_(context),
      swarm_(context.target, *this),
      workload_(std::move(workload)),
      variant_(variant),
      filler_(filler_text(context.options.text_bytes)),
      pairs_(context.options.senders) {}

Result<Outcome> Exchange::run() {
  TRY_DO(allow_descriptors(2 * count()));
  for (std::size_t pair = 0; pair < count(); ++pair) ledger_.add_reader(0);
  TRY_DO(set_up());
  context_.progress.begin(fmt::format("{}: {}", workload_, variant_), "acks");
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

Result<void> Exchange::await_seen(std::size_t things) {
  while (ledger_.intact() && seen_ < things) TRY_DO(turn());
  return {};
}

Result<void> Exchange::send_for(std::chrono::nanoseconds length) {
  const Instant end = std::chrono::steady_clock::now() + length;
  sending_ = true;
  for (std::size_t pair = 0; pair < count(); ++pair) send_next(pair);
  while (ledger_.intact() && std::chrono::steady_clock::now() < end) TRY_DO(turn());
  sending_ = false;
  while (ledger_.intact() && (acked_ < sent_ || delivered_ < sent_)) TRY_DO(turn());
  return {};
}

Result<void> Exchange::turn() {
  TRY_DO(swarm_.turn(turn_max));
  context_.progress.tick(acked_, &latency_.all());
  if (patience_.ends(acked_ + delivered_ + seen_, std::chrono::steady_clock::now())) {
    ledger_.note(fmt::format("of {} messages {} were not acknowledged and {} not delivered in 10 s",
                             sent_, sent_ - acked_, sent_ - delivered_));
  }
  return {};
}

void Exchange::send_next(std::size_t pair) {
  Pair& self = pairs_[pair];
  if (!sending_ || self.waiting) return;
  const std::string number = fmt::format("{:0{}}", self.next, digits);
  const std::string bytes = message(pair, number, number + ' ' + filler_);
  self.waiting = true;
  self.sent = std::chrono::steady_clock::now();
  ++self.next;
  ++sent_;
  swarm_.send(pair, bytes);
}

void Exchange::acknowledged(std::size_t pair, std::optional<std::uint64_t> number, Instant now) {
  Pair& self = pairs_[pair];
  if (!self.waiting) return ledger_.note("a message was acknowledged twice");
  if (number && *number + 1 != self.next)
    return ledger_.note(fmt::format("message {} was acknowledged, not {}", *number, self.next - 1));
  self.waiting = false;
  ++acked_;
  latency_.add(now, now - self.sent);
  send_next(pair);
}

void Exchange::delivered(std::size_t pair, std::uint64_t number) {
  if (ledger_.arrived(pair, number)) ++delivered_;
}

Outcome Exchange::report(const Meter& meter, std::uint64_t acks) const {
  Outcome outcome(workload_, variant_);
  outcome.parameters = {{"senders", count()},
                        {"text_bytes", context_.options.text_bytes},
                        {"durable", durable() ? 1 : 0}};
  outcome.add("acks", static_cast<double>(acks));
  outcome.add("acks_per_s", static_cast<double>(acks) / meter.seconds());
  meter.add_cost(outcome, acks);
  outcome.add_latency("ack", latency_);
  outcome.failures = ledger_.failures();
  return outcome;
}

}  // namespace parley::bench
