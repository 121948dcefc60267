#include "cluster/packing.h"

namespace parley::cluster {

// Seven bits a byte, the lowest first.
void Packer::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out_.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
  out_.push_back(static_cast<char>(value));
}

void Packer::text(std::string_view value) {
  number(value.size());
  out_.append(value);
}

std::uint64_t Unpacker::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in_.empty()) break;
    const auto byte = static_cast<std::uint8_t>(in_.front());
    in_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
  good_ = false;
  return 0;
}

std::string_view Unpacker::text() { return bytes(number()); }

std::string_view Unpacker::bytes(std::uint64_t count) {
  if (!good_ || count > in_.size()) {
    good_ = false;
    return {};
  }
  const std::string_view taken = in_.substr(0, count);
  in_.remove_prefix(count);
  return taken;
}

}  // namespace parley::cluster
