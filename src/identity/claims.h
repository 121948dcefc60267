// The two JSON parts of a token, read strictly. Neither is believed here: the header is read before the
// signature is checked, the claims after.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "identity/algorithm.h"
#include "identity/identity.h"

namespace parley::identity {

struct Header {
  Algorithm algorithm;
  std::optional<std::string> kid;
};

[[nodiscard]] Result<Header> read_header(std::string_view json);
// Also checks the times.
[[nodiscard]] Result<Identity> read_claims(std::string_view json, Time now, const Rules& rules);

}  // namespace parley::identity
