// How a connection begins: what is asked over HTTP, and what is said first.
#pragma once

#include <string>
#include <string_view>

#include "bench/target.h"

namespace parley::bench {

struct Opening {
  std::string request;     // the upgrade, whole
  std::string greeting;    // the first frame; the connection is ready when it has been answered
  int receive_buffer = 0;  // of the kernel, in bytes; 0: as the system likes
};

// At the native door. With a cursor, what was missed since follows.
[[nodiscard]] Opening native_opening(const Target& target, std::string_view token,
                                     std::string_view cursor = {});

}  // namespace parley::bench
