// Networks, by address and prefix: which peers are trusted to say whom they speak for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::echo {

class Peers {
 public:
  // "127.0.0.0/8", "::1", "10.1.2.3".
  [[nodiscard]] Result<void> add(std::string_view network);
  [[nodiscard]] bool contains(std::string_view address) const;
  [[nodiscard]] bool empty() const { return networks_.empty(); }

 private:
  using Address = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
  struct Network {
    Address address{};
    unsigned bits = 0;
  };
  [[nodiscard]] static std::optional<Address> parse(std::string_view text);
  std::vector<Network> networks_;
};

}  // namespace parley::echo
