// Networks, by address and prefix: whom something is believed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::net {

// One way to write each address: IPv4 with dots, also where it came as IPv6. Nothing: it is none.
[[nodiscard]] std::optional<std::string> canonical_address(std::string_view text);

class Networks {
 public:
  // "127.0.0.0/8", "::1", "10.1.2.3".
  [[nodiscard]] Result<void> add(std::string_view network);
  [[nodiscard]] bool contains(std::string_view address) const;
  [[nodiscard]] bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    std::array<std::uint8_t, 16> address{};
    unsigned bits = 0;
  };
  std::vector<Network> networks_;
};

}  // namespace parley::net
