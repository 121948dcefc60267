// Masking and unmasking of a client's payload: the same operation, in place.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace parley::net {

// `mask` holds the four bytes as they stand on the wire.
inline void apply_mask(char* bytes, std::size_t count, std::uint32_t mask) {
  const std::uint64_t wide = (static_cast<std::uint64_t>(mask) << 32) | mask;
  for (; count >= sizeof wide; bytes += sizeof wide, count -= sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    word ^= wide;
    std::memcpy(bytes, &word, sizeof word);
  }
  char tail[sizeof mask];
  std::memcpy(tail, &mask, sizeof mask);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(bytes[i] ^ tail[i % 4]);
}

// The mask as it stands after `count` bytes of it have been used.
[[nodiscard]] inline std::uint32_t turn_mask(std::uint32_t mask, std::size_t count) {
  const int bits = static_cast<int>(count % 4) * 8;
  return std::endian::native == std::endian::little ? std::rotr(mask, bits) : std::rotl(mask, bits);
}

}  // namespace parley::net
