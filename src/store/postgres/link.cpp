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
}  // namespace

Instant Link::end_of_patience(Instant deadline) const {
  if (patience_ == std::chrono::milliseconds::max()) return deadline;
  return std::min(deadline, std::chrono::steady_clock::now() + (away_ ? a_moment : patience_));
}

Connection* Link::get(Instant deadline) {
  if (connection_ && connection_->good()) return connection_.get();
  connection_.reset();
  deadline = end_of_patience(deadline);
  for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    auto opened = Connection::open(url_, deadline);
    if (opened) {
      connection_ = std::move(*opened);
      away_ = false;
      return connection_.get();
    }
    // With jitter, so that many connections don't come back in step.
    auto jittered =
        pause / 2 + std::chrono::milliseconds{random_.next() %
                                              static_cast<std::uint64_t>(pause.count() / 2 + 1)};
    if (std::chrono::steady_clock::now() + jittered >= deadline) {
      if (!std::exchange(away_, true))
        log::warn("store: postgres can't be reached", {{"why", opened.error().text}});
      return nullptr;
    }
    std::this_thread::sleep_for(jittered);
  }
}

}  // namespace parley::store::postgres
