// identity: who is calling: tokens are checked (and made) here.
//
// Knows:     JWTs, keys, JWK sets, where they come from.
// Does not:  what the caller may do (engine), how a token travels (dialects).
// In:        a token's text.   Out: who it speaks for, and until when.
// Lives on:  any thread: a Keyring is an immutable snapshot, replaced whole when keys are read again.
// Failing:   a token that is not surely good is unauthorized; the detail says which check failed, never the token.
// Start at:  Verifier::verify() in verifier.h; where keys come from: jwks_source.h.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace parley::identity {

enum class TokenRole { user, service, admin };

struct Identity {
  std::string user;
  TokenRole role = TokenRole::user;
  std::optional<Time> expires;               // always set where exp is required
  std::map<std::string, std::string> texts;  // of Rules::texts, those that it has
};

// How strictly a wire reads tokens; native's rules are the defaults.
struct Rules {
  // A claim that, where it is true, makes an admin as "role":"admin" does; empty: none.
  std::string admin_flag{};
  std::vector<std::string> user_claims{"sub", "user_id", "id"};  // the first that is given
  std::vector<std::string> texts{};  // further claims that are wanted, where they are texts
  bool require_expiry = true;
  // A user claim that is a whole number counts as its decimal text; otherwise it is refused.
  bool number_is_user = true;
  // What the token's iss is and its aud has; empty: not looked at.
  std::string issuer{}, audience{};
  // What its token_type is, where it has one; empty: not looked at.
  std::string token_type{};
  // How far our clock may be behind the issuer's: nbf only, exp has no grace.
  std::chrono::seconds not_before_grace{5};
  // A socket that renews its token wants token_expired, which closes it with 4002.
  Code when_expired = Code::unauthorized;
};

// 1–128 bytes of UTF-8 without control characters.
[[nodiscard]] bool is_user_id(std::string_view text);

}  // namespace parley::identity
