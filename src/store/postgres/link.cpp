#include "store/postgres/link.h"

#include <algorithm>
#include <thread>

#include "base/log.h"

namespace parley::store::postgres {
namespace {
constexpr std::chrono::milliseconds first_pause{20};
constexpr std::chrono::milliseconds longest_pause{1'000};
}  // namespace

Connection* Link::get(Instant deadline) {
  if (connection_ && connection_->good()) return connection_.get();
  connection_.reset();
  for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    auto opened = Connection::open(url_, deadline);
    if (opened) {
      connection_ = std::move(*opened);
      return connection_.get();
    }
    // With jitter, so that many connections don't come back in step.
    auto jittered =
        pause / 2 + std::chrono::milliseconds{random_.next() %
                                              static_cast<std::uint64_t>(pause.count() / 2 + 1)};
    if (std::chrono::steady_clock::now() + jittered >= deadline) {
      log::warn("store: postgres can't be reached", {{"why", opened.error().text}});
      return nullptr;
    }
    std::this_thread::sleep_for(jittered);
  }
}

}  // namespace parley::store::postgres
