// The limit of a fan-out: a process that does nothing but `send` frames which are already there, measured in the same
// run, so that a figure can be told from the noise of the machine.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/result.h"

namespace parley::bench {

struct BareLoad {
  std::size_t receivers = 0;
  std::size_t frames_per_send = 0;
  std::size_t frame_bytes = 0;
  std::chrono::milliseconds duration{};
};

// Its CPU-seconds for each million frames, over loopback.
[[nodiscard]] Result<double> bare_sender_cost(const BareLoad& load);

}  // namespace parley::bench
