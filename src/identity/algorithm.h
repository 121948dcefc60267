// The signature algorithms that tokens may use. `none` is not among them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::identity {

enum class Algorithm : std::uint8_t { hs256, hs384, hs512, rs256, ps256, es256, eddsa };

struct AlgorithmName {
  Algorithm algorithm;
  std::string_view name;
};
inline constexpr auto algorithm_names = std::to_array<AlgorithmName>({
    {Algorithm::hs256, "HS256"},
    {Algorithm::hs384, "HS384"},
    {Algorithm::hs512, "HS512"},
    {Algorithm::rs256, "RS256"},
    {Algorithm::ps256, "PS256"},
    {Algorithm::es256, "ES256"},
    {Algorithm::eddsa, "EdDSA"},
});

// Byte for byte: "none", "hs256" and "HS256 " name nothing.
[[nodiscard]] constexpr std::optional<Algorithm> algorithm_named(std::string_view name) {
  for (const AlgorithmName& row : algorithm_names)
    if (row.name == name) return row.algorithm;
  return std::nullopt;
}

// What one key is for.
class AlgorithmSet {
 public:
  constexpr AlgorithmSet(std::initializer_list<Algorithm> algorithms) {
    for (Algorithm algorithm : algorithms) bits_ |= bit(algorithm);
  }
  [[nodiscard]] constexpr bool has(Algorithm algorithm) const {
    return (bits_ & bit(algorithm)) != 0;
  }

 private:
  [[nodiscard]] static constexpr unsigned bit(Algorithm algorithm) {
    return 1U << static_cast<unsigned>(algorithm);
  }
  unsigned bits_ = 0;
};

}  // namespace parley::identity
