// WebSocket frames as a client writes and reads them; no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::bench {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

// Masked with the key 0, which is legal and costs nothing here; the server unmasks as ever.
void append_frame(std::string& out, std::string_view payload, Opcode opcode = Opcode::text);

struct Frame {
  Opcode opcode = Opcode::text;
  std::string_view payload;
};
enum class Scan : std::uint8_t { frame, incomplete, broken };

// Takes the next whole frame from the front of the input. Broken: masked, in pieces, with unknown bits, or too big,
// none of which a server of ours sends.
[[nodiscard]] Scan take_frame(std::string_view& input, Frame& frame);

}  // namespace parley::bench
