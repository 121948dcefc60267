// For tests: makes a key of any kind, its JWK, and tokens signed with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "identity/algorithm.h"

struct evp_pkey_st;

namespace parley::identity {

class TestSigner {
 public:
  // A new key; strength: bytes of a secret, bits of an RSA key, 0 for what is usual.
  explicit TestSigner(Algorithm algorithm, std::string kid = {}, unsigned strength = 0);

  [[nodiscard]] const std::string& kid() const { return kid_; }
  [[nodiscard]] const std::string& secret() const { return secret_; }
  // {"kty":…}; extra is put in as it is: R"("use":"sig")".
  [[nodiscard]] std::string jwk(std::string_view extra = {}) const;
  [[nodiscard]] std::string jwks() const { return "{\"keys\":[" + jwk() + "]}"; }
  // The algorithm's name and the kid, if there is one.
  [[nodiscard]] std::string header() const;
  [[nodiscard]] std::string token(std::string_view claims) const { return token(header(), claims); }
  [[nodiscard]] std::string token(std::string_view header, std::string_view claims) const;
  [[nodiscard]] std::string sign(std::string_view text) const;

 private:
  Algorithm algorithm_;
  std::string kid_;
  std::string secret_;
  std::shared_ptr<evp_pkey_st> key_;
};

[[nodiscard]] std::string_view name_of(Algorithm algorithm);
// What an attacker does with a secret of their choice.
[[nodiscard]] std::string hmac_sha256(std::string_view secret, std::string_view text);

}  // namespace parley::identity
