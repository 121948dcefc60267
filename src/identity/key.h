// One key that signatures are checked with, parsed once. The algorithm is chosen by the key, never by
// the token: a public key is no HMAC secret, whatever a token's header says.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/algorithm.h"

struct evp_mac_ctx_st;
struct evp_pkey_st;

namespace parley::identity {

inline constexpr std::size_t secret_bytes_min = 32;  // RFC 7518 §3.2, for HS256
inline constexpr int rsa_bits_min = 2048;            // RFC 7518 §3.3
inline constexpr int rsa_bits_max = 8192;  // above, checking costs a hostile amount of time

// Lives on: any thread; never changes once made.
class Key {
 public:
  // All of these take raw bytes and answer with what is wrong with them.
  [[nodiscard]] static Result<Key> secret(std::string_view bytes);  // HS256, HS384, HS512
  [[nodiscard]] static Result<Key> rsa(std::string_view modulus, std::string_view exponent);
  [[nodiscard]] static Result<Key> p256(std::string_view x, std::string_view y);
  [[nodiscard]] static Result<Key> ed25519(std::string_view x);

  Key(Key&&) noexcept = default;
  Key& operator=(Key&&) noexcept = default;

  [[nodiscard]] bool is_for(Algorithm algorithm) const { return algorithms_.has(algorithm); }
  // The algorithm must be one that the key is for.
  void only_for(Algorithm algorithm) { algorithms_ = {algorithm}; }
  // False also for an algorithm that the key is not for.
  [[nodiscard]] bool verifies(Algorithm algorithm, std::string_view text,
                              std::string_view signature) const;

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* mac) const;
    void operator()(evp_pkey_st* key) const;
  };
  using Mac = std::unique_ptr<evp_mac_ctx_st, Free>;
  using PublicKey = std::unique_ptr<evp_pkey_st, Free>;

  explicit Key(AlgorithmSet algorithms) : algorithms_(algorithms) {}
  [[nodiscard]] static Result<Key> holding(PublicKey key, AlgorithmSet algorithms);
  [[nodiscard]] bool mac_matches(Algorithm algorithm, std::string_view text,
                                 std::string_view signature) const;
  [[nodiscard]] bool public_key_verifies(Algorithm algorithm, std::string_view text,
                                         std::string_view signature) const;

  AlgorithmSet algorithms_;
  std::array<Mac, 3>
      macs_;  // keyed and ready, by Algorithm hs256 … hs512: duplicated for each token
  PublicKey public_key_;
};

}  // namespace parley::identity
