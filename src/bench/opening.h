// How a connection begins: what is asked over HTTP, and what is said first.
#pragma once

#include <string>
#include <string_view>

#include "bench/target.h"

namespace parley::bench {

struct Opening {
  std::string request;     // the upgrade, whole; empty: it stays HTTP, for requests and answers
  std::string greeting;    // the first frame, which is answered with ok; empty: none is asked for
  int receive_buffer = 0;  // of the kernel, in bytes; 0: as the system likes
};

// `headers`: whole lines.
[[nodiscard]] std::string upgrade_request(const Target& target, std::string_view path,
                                          std::string_view headers = {});
// At the native door. With a cursor, what was missed since follows.
[[nodiscard]] Opening native_opening(const Target& target, std::string_view token,
                                     std::string_view cursor = {});

}  // namespace parley::bench
