#include "bench/flow.h"

namespace parley::bench {
namespace {

void add_times(Outcome& outcome, std::string name, const Histogram& before,
               const Histogram& meanwhile) {
  if (before.count() == 0 || meanwhile.count() == 0) return;
  outcome.add(std::move(name), as_ms(meanwhile.percentile(0.99)) / as_ms(before.percentile(0.99)));
}

}  // namespace

Flow::Flow(const Context& loud)
    : Silently(loud), Paced(Silently::context, "others", loud.options.others_rate) {}

Result<void> Flow::start() {
  TRY_DO(set_up());
  thread_ = std::thread([this] {
    wake_exactly();
    ended_ = send_while([this](Instant) { return !stopping_.load(); });
  });
  return {};
}

Result<void> Flow::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return ended_;
}

void Flow::on_latency(Kind of, Instant now, std::chrono::nanoseconds latency) {
  Latencies& latencies = latencies_[static_cast<std::size_t>(part_.load())];
  (of == Kind::ok ? latencies.acks : latencies.deliveries).add(now, latency);
}

void add_before_and_meanwhile(Outcome& outcome, const Flow& flow) {
  const Flow::Latencies& before = flow.of(Flow::Part::quiet);
  const Flow::Latencies& meanwhile = flow.of(Flow::Part::loud);
  outcome.add_latency("others_ack_before", before.acks);
  outcome.add_latency("others_ack_meanwhile", meanwhile.acks);
  add_times(outcome, "others_ack_p99_times", before.acks.all(), meanwhile.acks.all());
  outcome.add_latency("others_delivery_before", before.deliveries);
  outcome.add_latency("others_delivery_meanwhile", meanwhile.deliveries);
  add_times(outcome, "others_delivery_p99_times", before.deliveries.all(),
            meanwhile.deliveries.all());
  for (const std::string& failure : flow.failures()) outcome.failures.push_back(failure);
}

}  // namespace parley::bench
