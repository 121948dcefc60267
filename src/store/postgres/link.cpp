#include "store/postgres/link.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/log.h"

namespace parley::store::postgres {
namespace {
constexpr std::chrono::milliseconds first_pause{20};
constexpr std::chrono::milliseconds longest_pause{1'000};
constexpr std::chrono::milliseconds a_moment{200};

Instant in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }
}  // namespace

Instant Link::end_of_patience(Instant deadline) const {
  if (away_) return std::min(deadline, in(a_moment));
  if (patience_ == std::chrono::milliseconds::max()) return deadline;
  return std::min(deadline, in(patience_));
}

Connection* Link::get(Instant deadline) {
  if (Connection* good = now()) return good;
  connection_.reset();
  deadline = end_of_patience(deadline);
  for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    if (!opening_) opening_ = std::make_unique<Opening>(url_, holds_);
    auto opened = opening_->go_on(deadline);
    if (opened) opening_.reset();
    if (opened && *opened) {
      connection_ = std::move(**opened);
      away_ = false;
      return connection_.get();
    }
    // With jitter, so that many connections don't come back in step.
    auto jittered =
        pause / 2 + std::chrono::milliseconds{random_.next() %
                                              static_cast<std::uint64_t>(pause.count() / 2 + 1)};
    if (!opened || in(jittered) >= deadline) {
      if (!std::exchange(away_, true))
        log::warn("store: postgres can't be reached",
                  {{"why", opened ? opened->error().text : "no answer in time"}});
      return nullptr;
    }
    std::this_thread::sleep_for(jittered);
  }
}

}  // namespace parley::store::postgres
