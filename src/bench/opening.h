// How a connection begins: what is asked over HTTP, and what is said first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bench/target.h"

namespace parley::bench {

// The size of the first whole packet, of a wire that is no WebSocket; nothing: it is not whole yet.
using PacketSize = std::optional<std::size_t> (*)(std::string_view bytes);

struct Opening {
  std::string request = {};  // the upgrade, whole
  std::string greeting =
      {};                  // the first frame, which is answered with ok; empty: none is asked for
  int receive_buffer = 0;  // of the kernel, in bytes; 0: as the system likes
  PacketSize packet_size = nullptr;  // instead of a request: ready at once, packets as they come
};

// `headers`: whole lines.
[[nodiscard]] std::string upgrade_request(const Target& target, std::string_view path,
                                          std::string_view headers = {});
// At the native door. With a cursor, what was missed since follows.
[[nodiscard]] Opening native_opening(const Target& target, std::string_view token,
                                     std::string_view cursor = {});

}  // namespace parley::bench
