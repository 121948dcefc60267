#include "base/id.h"

namespace parley {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

int value_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The UUID's 16 bytes from our 12: bytes 0–5 as they are, then version and variant around the rest, and what is
// left over (20 bits beyond our 96) is zero.
//   uuid: b0 b1 b2 b3 - b4 b5 - 8|b6h b6l|b7h - 10|00|b7l.. : nibbles keep their order, so text sorts by time.
std::array<std::uint8_t, 24> nibbles_of(const IdBytes& bytes) {
  std::array<std::uint8_t, 24> out{};
  for (std::size_t i = 0; i < 12; ++i) {
    out[2 * i] = bytes[i] >> 4;
    out[2 * i + 1] = bytes[i] & 15;
  }
  return out;
}

// Places of the 32 hex digits: 0–11 carry nibbles 0–11, 12 is the version, 13–15 nibbles 12–14, 16 the variant,
// 17–25 nibbles 15–23, 26–31 are zero.
constexpr std::size_t version_at = 12, variant_at = 16, pad_from = 26;

std::optional<IdBytes> from_nibbles(const std::array<std::uint8_t, 24>& nibbles) {
  IdBytes bytes{};
  for (std::size_t i = 0; i < 12; ++i)
    bytes[i] = static_cast<std::uint8_t>(nibbles[2 * i] << 4 | nibbles[2 * i + 1]);
  return bytes;
}

std::optional<IdBytes> parse_uuid8(std::string_view text) {
  std::array<std::uint8_t, 24> nibbles{};
  std::size_t digit = 0, filled = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (dash) continue;
    int value = value_of(text[i]);
    if (value < 0) return std::nullopt;
    if (digit == version_at || digit == variant_at) {
      if (value != 8) return std::nullopt;
    } else if (digit >= pad_from) {
      if (value != 0) return std::nullopt;
    } else {
      nibbles[filled++] = static_cast<std::uint8_t>(value);
    }
    ++digit;
  }
  return from_nibbles(nibbles);
}

}  // namespace

std::string hex24(const IdBytes& bytes) {
  std::string out;
  for (std::uint8_t nibble : nibbles_of(bytes)) out += digits[nibble];
  return out;
}

void append_uuid8(std::string& out, const IdBytes& bytes) {
  auto nibbles = nibbles_of(bytes);
  std::array<char, 36> text{};
  std::size_t at = 0, next = 0;
  for (std::size_t digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text[at++] = '-';
    if (digit == version_at || digit == variant_at)
      text[at++] = '8';
    else if (digit >= pad_from)
      text[at++] = '0';
    else
      text[at++] = digits[nibbles[next++]];
  }
  out.append(text.data(), at);
}

std::string uuid8(const IdBytes& bytes) {
  std::string out;
  append_uuid8(out, bytes);
  return out;
}

std::optional<IdBytes> parse_id(std::string_view text) {
  if (text.size() == 36) return parse_uuid8(text);
  if (text.size() != 24) return std::nullopt;
  std::array<std::uint8_t, 24> nibbles{};
  for (std::size_t i = 0; i < 24; ++i) {
    int value = value_of(text[i]);
    if (value < 0) return std::nullopt;
    nibbles[i] = static_cast<std::uint8_t>(value);
  }
  return from_nibbles(nibbles);
}

IdBytes IdMaker::make() {
  auto seconds = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count());
  std::uint64_t unique = next_++;
  IdBytes bytes{};
  for (std::size_t i = 0; i < 4; ++i)
    bytes[i] = static_cast<std::uint8_t>(seconds >> (8 * (3 - i)));
  for (std::size_t i = 0; i < 8; ++i)
    bytes[4 + i] = static_cast<std::uint8_t>(unique >> (8 * (7 - i)));
  return bytes;
}

bool IdMaker::made(const IdBytes& id) const {
  constexpr std::uint64_t one_makes_fewer = std::uint64_t{1} << 40U;
  std::uint64_t unique = 0;
  for (std::size_t i = 4; i < id.size(); ++i) unique = unique << 8U | id[i];
  return unique - first_ < one_makes_fewer;
}

}  // namespace parley
