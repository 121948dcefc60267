// A 64-bit mark of what was asked for, so that a key used twice for different things is noticed. Not for secrets.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::engine {

class Fingerprint {
 public:
  // Each part with its length, so that parts can't flow into each other. FNV-1a: kept in stores, so never changed.
  Fingerprint& add(std::string_view part) {
    mix(part.size());
    for (char c : part) value_ = (value_ ^ static_cast<unsigned char>(c)) * prime;
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  static constexpr std::uint64_t prime = 0x100000001b3ULL;
  void mix(std::uint64_t number) {
    for (int i = 0; i < 8; ++i, number >>= 8) value_ = (value_ ^ (number & 255)) * prime;
  }
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace parley::engine
