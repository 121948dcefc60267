#include "bench/paced.h"

#include <fmt/core.h>
#include <sys/prctl.h>

namespace parley::bench {
namespace {
// Of messages under way: then the rate is beyond the server.
constexpr std::uint64_t behind_max_s = 5;
}  // namespace

void wake_exactly() { ::prctl(PR_SET_TIMERSLACK, 1UL); }

Result<void> Paced::send_while(const std::function<bool(Instant)>& wanted) {
  first_.clear();
  for (std::size_t pair = 0; pair < count(); ++pair) first_.push_back(sent(pair));
  pace_.begin(std::chrono::steady_clock::now());
  for (std::uint64_t number = 0; ledger_.intact() && wanted(pace_.due(number));) {
    const Instant now = std::chrono::steady_clock::now();
    for (; pace_.due(number) <= now && wanted(pace_.due(number)); ++number) send(number % count());
    TRY_DO(turn(std::max(std::chrono::nanoseconds(0), pace_.due(number) - now)));
    if (sent_ - delivered_ > per_second() * behind_max_s) {
      ledger_.note(fmt::format("the server does not keep up with {} messages/s", per_second()));
    }
  }
  return drain();
}

Instant Paced::due(std::size_t pair, std::uint64_t number) const {
  return pace_.due((number - first_[pair]) * count() + pair);
}

void Paced::on_ack(std::size_t pair, std::uint64_t number, Instant now) {
  on_latency(Kind::ok, now, now - due(pair, number));
}

void Paced::on_delivery(std::size_t pair, std::uint64_t number, Instant now) {
  on_latency(Kind::message, now, now - due(pair, number));
}

}  // namespace parley::bench
