// Message k is due at the start + k / rate. Its latency counts from then, not from when it could be sent, so a server
// that stalls can't hide it by slowing the client (coordinated omission).
#include <fmt/core.h>
#include <sys/prctl.h>

#include "bench/pairs.h"
#include "bench/workloads.h"

namespace parley::bench {
namespace {

constexpr std::chrono::milliseconds warm_up{500};
constexpr std::chrono::milliseconds turn_max{50};
constexpr std::uint64_t behind_max_s =
    5;  // of messages under way: then the rate is beyond the server

class Live final : Pairs {
 public:
  explicit Live(const Context& context) : Pairs(context, "l"), rate_(context.options.rate) {}

  Result<Outcome> run();

 private:
  Result<void> send_for(std::chrono::nanoseconds length);
  [[nodiscard]] Instant due(std::uint64_t number) const {
    return began_ + std::chrono::nanoseconds(number * 1'000'000'000 / rate_);
  }
  void on_ack(std::size_t, std::uint64_t, Instant) override {}
  void on_delivery(std::size_t pair, std::uint64_t number, Instant now) override;
  Outcome report(const Meter& meter, std::uint64_t delivered) const;

  std::uint64_t rate_;
  Instant began_{};
  std::vector<std::uint64_t> first_;  // of each pair, the number of its first message in this part
};

Result<Outcome> Live::run() {
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // wake when it is due, not up to 50 µs later
  TRY_DO(set_up());
  context_.progress.begin("live", "messages");
  TRY_DO(send_for(warm_up));
  latency_.clear();
  const std::uint64_t before = delivered_;
  Meter meter(context_.processes);
  TRY_DO(meter.start());
  TRY_DO(send_for(
      std::chrono::nanoseconds(static_cast<std::int64_t>(context_.options.seconds * 1e9))));
  TRY_DO(meter.stop());
  if (ledger_.intact()) TRY_DO(swarm_.turn(turn_max));  // what comes twice would come now
  return report(meter, delivered_ - before);
}

Result<void> Live::send_for(std::chrono::nanoseconds length) {
  first_.clear();
  for (std::size_t pair = 0; pair < count(); ++pair) first_.push_back(sent(pair));
  began_ = std::chrono::steady_clock::now();
  for (std::uint64_t number = 0; ledger_.intact() && due(number) < began_ + length;) {
    const Instant now = std::chrono::steady_clock::now();
    for (; due(number) <= now && due(number) < began_ + length; ++number) send(number % count());
    TRY_DO(turn(std::max(std::chrono::nanoseconds(0), due(number) - now)));
    if (sent_ - delivered_ > rate_ * behind_max_s) {
      ledger_.note(fmt::format("the server does not keep up with {} messages/s", rate_));
    }
  }
  return drain();
}

void Live::on_delivery(std::size_t pair, std::uint64_t number, Instant now) {
  latency_.add(now - due((number - first_[pair]) * count() + pair));
}

Outcome Live::report(const Meter& meter, std::uint64_t delivered) const {
  Outcome outcome{.workload = "live", .parameters = {}, .figures = {}, .failures = {}};
  outcome.parameters = {{"rate", static_cast<double>(rate_)},
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
