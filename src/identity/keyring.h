// The keys that are good now. Filled once, then shared as const and never changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/key.h"

namespace parley::identity {

// A service that promised to start with a secret of any length (rtchat) may allow short ones.
enum class ShortSecret { refused, allowed };

enum class Match {
  verified,
  wrong_signature,
  unknown_key,      // no key has the kid that the token names
  wrong_algorithm,  // a key is there, but not for this algorithm
};

class Keyring {
 public:
  static constexpr std::size_t keys_max = 100;
  // So many keys at most are tried on one token, as each try costs us up to 0.1 ms: a token should
  // name its key.
  static constexpr std::size_t tries_max = 8;

  // A shared secret, for HS256, HS384 and HS512. Without a kid it serves tokens which name none.
  [[nodiscard]] Result<void> add_secret(std::string_view secret,
                                        std::optional<std::string> kid = {},
                                        ShortSecret shorter = ShortSecret::refused);
  // All or nothing. Keys that aren't for checking signatures, or of a kind we don't know, are left
  // out (see skipped()); a key that is broken or too weak refuses the document.
  [[nodiscard]] Result<void> add_jwks(std::string_view document);

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] bool empty() const { return keys_.empty(); }
  // What was left out and why, one sentence each, for the log.
  [[nodiscard]] const std::vector<std::string>& skipped() const { return skipped_; }

  // Whether a key here made this signature: one with that kid, or any if the token names none.
  [[nodiscard]] Match check(Algorithm algorithm, const std::optional<std::string>& kid,
                            std::string_view text, std::string_view signature) const;

 private:
  struct Named {
    std::optional<std::string> kid;
    Key key;
  };

  std::vector<Named> keys_;
  std::vector<std::string> skipped_;
};

}  // namespace parley::identity
