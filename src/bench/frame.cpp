#include "bench/frame.h"

namespace parley::bench {
namespace {

constexpr std::uint64_t frame_max = 16U << 20U;
constexpr unsigned char mask_bit = 0x80;
constexpr unsigned char final_bit = 0x80;

unsigned char byte_at(std::string_view input, std::size_t at) {
  return static_cast<unsigned char>(input[at]);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

void append_big_endian(std::string& out, std::uint64_t number, unsigned bytes) {
  while (bytes-- > 0) out += static_cast<char>(number >> (8 * bytes) & 0xFFU);
}

}  // namespace

void append_frame(std::string& out, std::string_view payload, Opcode opcode) {
  out += static_cast<char>(final_bit | static_cast<unsigned char>(opcode));
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | payload.size());
  } else if (payload.size() < 65'536) {
    out += static_cast<char>(mask_bit | 126U);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += static_cast<char>(mask_bit | 127U);
    append_big_endian(out, payload.size(), 8);
  }
  out.append(4, '\0');
  out += payload;
}

Scan take_frame(std::string_view& input, Frame& frame) {
  if (input.size() < 2) return Scan::incomplete;
  const unsigned first = byte_at(input, 0);
  const unsigned second = byte_at(input, 1);
  if ((first & 0xF0U) != final_bit || (second & mask_bit) != 0) return Scan::broken;
  std::size_t header = 2;
  std::uint64_t size = second;
  if (second >= 126) {
    header = second == 126 ? 4 : 10;
    if (input.size() < header) return Scan::incomplete;
    size = big_endian(input.substr(2, header - 2));
  }
  if (size > frame_max) return Scan::broken;
  if (input.size() < header + size) return Scan::incomplete;
  frame = {static_cast<Opcode>(first & 0x0FU), input.substr(header, size)};
  input.remove_prefix(header + size);
  return Scan::frame;
}

}  // namespace parley::bench
