#include "model/cursor.h"

#include <algorithm>

#include "base/assert.h"

namespace parley {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t lanes_max = 256;
constexpr char format = 1;

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out += static_cast<char>((value & 127) | 128);
  out += static_cast<char>(value);
}

bool take_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= std::uint64_t{byte & 127U} << shift;
    if (byte < 128) return true;
  }
  return false;
}

std::string to_base64url(std::string_view bytes) {
  std::string out;
  unsigned held = 0, bits = 0;
  for (char c : bytes) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += alphabet[held >> (bits - 6) & 63];
  }
  if (bits > 0) out += alphabet[held << (6 - bits) & 63];
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  unsigned held = 0, bits = 0;
  for (char c : text) {
    auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    held = held << 6 | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(held >> bits & 255);
    }
  }
  return out;
}

}  // namespace

void Cursor::saw(const Position& position) {
  PARLEY_ASSERT(position.lane < lanes.size());
  lanes[position.lane] = std::max(lanes[position.lane], position.at);
}

bool Cursor::not_after(const Cursor& other) const {
  if (lanes.size() != other.lanes.size()) return false;
  for (std::size_t i = 0; i < lanes.size(); ++i)
    if (lanes[i] > other.lanes[i]) return false;
  return true;
}

std::string Cursor::text() const {
  std::string bytes(1, format);
  put_varint(bytes, store);
  put_varint(bytes, lanes.size());
  for (std::uint64_t at : lanes) put_varint(bytes, at);
  return to_base64url(bytes);
}

std::optional<Cursor> Cursor::parse(std::string_view text) {
  auto bytes = from_base64url(text);
  if (!bytes || bytes->empty() || bytes->front() != format) return std::nullopt;
  std::string_view left = *bytes;
  left.remove_prefix(1);
  std::uint64_t store = 0, count = 0;
  if (!take_varint(left, store) || store > UINT32_MAX || !take_varint(left, count) ||
      count > lanes_max)
    return std::nullopt;
  Cursor cursor{static_cast<std::uint32_t>(store), {}};
  for (; count > 0; --count) {
    std::uint64_t at = 0;
    if (!take_varint(left, at)) return std::nullopt;
    cursor.lanes.push_back(at);
  }
  return left.empty() ? std::optional{cursor} : std::nullopt;
}

}  // namespace parley
