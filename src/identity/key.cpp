#include "identity/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <cstdint>

#include "base/assert.h"

namespace parley::identity {
namespace {

struct FreeAny {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
};
template <class T>
using Owned = std::unique_ptr<T, FreeAny>;

constexpr std::size_t p256_part_bytes = 32;
constexpr std::size_t ed25519_bytes = 32;
constexpr std::array mac_digests{"SHA256", "SHA384", "SHA512"};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Owned<BIGNUM> number(std::string_view big_endian) {
  return Owned<BIGNUM>(
      BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

// OpenSSL leaves its errors in a queue of the thread, where the next caller (TLS!) would find them.
struct NoErrorsLeft {
  ~NoErrorsLeft() { ERR_clear_error(); }
};

EVP_PKEY* from_params(const char* kind, OSSL_PARAM_BLD* builder) {
  Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
  Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0)
    return nullptr;
  return key;
}

bool is_sound(EVP_PKEY* key) {
  Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && EVP_PKEY_public_check(context.get()) > 0;
}

// A JWT has r and s side by side; OpenSSL wants them in DER.
std::string to_der(std::string_view r_and_s) {
  if (r_and_s.size() != 2 * p256_part_bytes) return {};
  auto r = number(r_and_s.substr(0, p256_part_bytes));
  auto s = number(r_and_s.substr(p256_part_bytes));
  Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
  if (!r || !s || !signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());  // the signature's now
  static_cast<void>(s.release());
  int size = i2d_ECDSA_SIG(signature.get(), nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

// RFC 7518 §3.5: MGF1 with the same hash, a salt as long as the hash; no other length.
bool set_pss(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

}  // namespace

void Key::Free::operator()(evp_mac_ctx_st* mac) const { EVP_MAC_CTX_free(mac); }
void Key::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

Result<Key> Key::holding(PublicKey key, AlgorithmSet algorithms) {
  Key made(algorithms);
  made.public_key_ = std::move(key);
  return made;
}

Result<Key> Key::secret(std::string_view bytes) {
  NoErrorsLeft cleaner;
  if (bytes.empty()) return fail(Code::unprocessable, "the secret is empty");
  Owned<EVP_MAC> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  Key key({Algorithm::hs256, Algorithm::hs384, Algorithm::hs512});
  for (std::size_t i = 0; hmac && i < mac_digests.size(); ++i) {
    Mac mac(EVP_MAC_CTX_new(hmac.get()));
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                            const_cast<char*>(mac_digests[i]), 0),
                           OSSL_PARAM_construct_end()};
    if (!mac || EVP_MAC_init(mac.get(), bytes_of(bytes), bytes.size(), params) <= 0)
      return fail(Code::internal, "OpenSSL can't make an HMAC");
    key.macs_[i] = std::move(mac);
  }
  if (!hmac) return fail(Code::internal, "OpenSSL has no HMAC");
  return key;
}

Result<Key> Key::rsa(std::string_view modulus, std::string_view exponent) {
  NoErrorsLeft cleaner;
  if (modulus.size() > 2 * static_cast<std::size_t>(rsa_bits_max) / 8 || exponent.size() > 8)
    return fail(Code::unprocessable, "the RSA key's n or e is too long");
  auto n = number(modulus);
  auto e = number(exponent);
  Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder) return fail(Code::internal, "OpenSSL can't read numbers");
  if (int bits = BN_num_bits(n.get()); bits < rsa_bits_min || bits > rsa_bits_max)
    return fail(Code::unprocessable, "the RSA key has " + std::to_string(bits) + " bits; " +
                                         std::to_string(rsa_bits_min) + " to " +
                                         std::to_string(rsa_bits_max) + " are accepted");
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  PublicKey key(from_params("RSA", builder.get()));
  if (!key || BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) || !is_sound(key.get()))
    return fail(Code::unprocessable, "n and e are no RSA key");
  return holding(std::move(key), {Algorithm::rs256, Algorithm::ps256});
}

Result<Key> Key::p256(std::string_view x, std::string_view y) {
  NoErrorsLeft cleaner;
  if (x.size() != p256_part_bytes || y.size() != p256_part_bytes)
    return fail(Code::unprocessable, "x and y of a P-256 key have 32 bytes each");
  std::string point = '\4' + std::string(x) + std::string(y);  // 4: neither half is compressed
  Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder) return fail(Code::internal, "OpenSSL can't read points");
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  PublicKey key(from_params("EC", builder.get()));
  if (!key || !is_sound(key.get()))
    return fail(Code::unprocessable, "x and y are no point of the curve P-256");
  return holding(std::move(key), {Algorithm::es256});
}

Result<Key> Key::ed25519(std::string_view x) {
  NoErrorsLeft cleaner;
  if (x.size() != ed25519_bytes)
    return fail(Code::unprocessable, "x of an Ed25519 key has 32 bytes");
  PublicKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
  if (!key) return fail(Code::unprocessable, "x is no Ed25519 key");
  return holding(std::move(key), {Algorithm::eddsa});
}

bool Key::verifies(Algorithm algorithm, std::string_view text, std::string_view signature) const {
  if (!is_for(algorithm)) return false;
  NoErrorsLeft cleaner;
  return public_key_ ? public_key_verifies(algorithm, text, signature)
                     : mac_matches(algorithm, text, signature);
}

bool Key::mac_matches(Algorithm algorithm, std::string_view text,
                      std::string_view signature) const {
  static_assert(Algorithm::hs256 < Algorithm::hs384 && Algorithm::hs384 < Algorithm::hs512);
  auto index = static_cast<std::size_t>(algorithm);
  PARLEY_ASSERT(index < macs_.size());
  Mac mac(EVP_MAC_CTX_dup(macs_[index].get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> ours{};
  std::size_t size = 0;
  return mac && EVP_MAC_update(mac.get(), bytes_of(text), text.size()) > 0 &&
         EVP_MAC_final(mac.get(), ours.data(), &size, ours.size()) > 0 &&
         size == signature.size() && CRYPTO_memcmp(ours.data(), signature.data(), size) == 0;
}

bool Key::public_key_verifies(Algorithm algorithm, std::string_view text,
                              std::string_view signature) const {
  std::string der;
  if (algorithm == Algorithm::es256) {
    der = to_der(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const EVP_MD* digest = algorithm == Algorithm::eddsa ? nullptr : EVP_sha256();
  Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;  // the context's
  if (!context ||
      EVP_DigestVerifyInit(context.get(), &padding, digest, nullptr, public_key_.get()) <= 0)
    return false;
  if (algorithm == Algorithm::ps256 && !set_pss(padding)) return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

}  // namespace parley::identity
