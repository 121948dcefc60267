// Makes tokens, for `parley token` and tests.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "identity/identity.h"

namespace parley::identity {

// Further claims, by name.
using TokenTexts = std::vector<std::pair<std::string, std::string>>;

// HS256: {"sub":user,"role":role,"iat":now,"exp":now+ttl}. Refused: a user id or a ttl that no
// verifier would take.
[[nodiscard]] Result<std::string> make_token(std::string_view secret, std::string_view user,
                                             TokenRole role, std::chrono::seconds ttl, Time now,
                                             std::string_view user_claim = "sub",
                                             const TokenTexts& texts = {});

}  // namespace parley::identity
