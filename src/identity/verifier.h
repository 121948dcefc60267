// Checks tokens against the keys of now.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include "identity/banned.h"
#include "identity/identity.h"
#include "identity/keyring.h"

namespace parley::identity {

// Lives on: any thread.
class Verifier {
 public:
  static constexpr std::size_t token_bytes_max = 8'192;

  Verifier() : Verifier(Keyring{}) {}  // trusts nobody until it gets keys
  explicit Verifier(Keyring keys) { replace(std::move(keys)); }

  // Everything that is wrong with a token is unauthorized, with a detail fit for the caller; an
  // expired one is rules.when_expired.
  [[nodiscard]] Result<Identity> verify(std::string_view token, Time now, const Rules& rules) const;

  // Those it has are refused (revoked). Before the first token.
  void refuse(std::shared_ptr<const Banned> banned) { banned_ = std::move(banned); }
  // Tokens checked from now on meet these keys.
  void replace(Keyring keys);
  [[nodiscard]] std::shared_ptr<const Keyring> keys() const;

  // A token named a key that isn't here: the issuer may have a new one (JwksSource looks).
  [[nodiscard]] bool met_unknown_key() const {
    return unknown_key_.load(std::memory_order_relaxed);
  }
  void forget_unknown_key() { unknown_key_.store(false, std::memory_order_relaxed); }

 private:
  // Held while a pointer is copied. Not std::atomic<std::shared_ptr>: the one in libstdc++ 12 lets go
  // of its lock with a relaxed store, a race that the thread sanitizer sees.
  mutable std::mutex mutex_;
  std::shared_ptr<const Keyring> keys_;
  std::shared_ptr<const Banned> banned_;
  mutable std::atomic<bool> unknown_key_ = false;
};

}  // namespace parley::identity
