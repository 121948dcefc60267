// One entry of a JWK set (RFC 7517) as a key.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "identity/key.h"

namespace parley::identity {

struct Jwk {
  std::optional<std::string> kid;
  std::optional<Key> key;  // none where it isn't for us
  std::string skipped;     // and then why
};

// Not for us: other uses, kinds, curves and algorithms. An error: broken, or too weak to rely on.
[[nodiscard]] Result<Jwk> read_jwk(const JsonObject& entry);

}  // namespace parley::identity
