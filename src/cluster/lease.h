// Work that is to be done once in the whole cluster is done by the node that holds its lease: a record in the store whose
// version moves while its holder lives.
//
// No two nodes' clocks are compared: a lease is free when its version has not moved for a while, by the clock of the one
// who looks; and its holder gives it up well before that, by its own clock.
#pragma once

#include <atomic>
#include <string>

#include "engine/engine.h"

namespace parley::cluster {

class Lease {
 public:
  // `holder` is this node's name in it.
  Lease(std::string name, std::string holder, engine::Engine& engine);

  // Whether this node may do the work now. From any thread.
  [[nodiscard]] bool held() const;
  // Takes it where it is free, and keeps it. Again and again, one at a time.
  [[nodiscard]] Task<void> renew();
  // So that another one need not wait.
  [[nodiscard]] Task<void> let_go();

  static constexpr std::chrono::milliseconds renew_every{1'000};
  static constexpr std::chrono::milliseconds holds_for{4'000};
  static constexpr std::chrono::milliseconds free_after{6'000};

 private:
  [[nodiscard]] Task<Result<void>> write(std::uint64_t expects, std::string holder);

  const std::string name_, holder_;
  engine::Engine& engine_;
  std::atomic<std::int64_t> held_until_{0};  // on the engine's clock, in nanoseconds
  std::uint64_t seen_version_ = 0;
  Instant seen_at_{};
  bool seen_ = false;
};

}  // namespace parley::cluster
