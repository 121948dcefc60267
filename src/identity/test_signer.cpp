#include "identity/test_signer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/assert.h"
#include "identity/base64url.h"

namespace parley::identity {
namespace {

bool is_hmac(Algorithm algorithm) { return algorithm <= Algorithm::hs512; }

EVP_PKEY* new_key(Algorithm algorithm, unsigned bits) {
  switch (algorithm) {
    case Algorithm::rs256:
    case Algorithm::ps256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits == 0 ? 2048 : bits});
    case Algorithm::es256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case Algorithm::eddsa:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    default:
      return nullptr;
  }
}

std::string number_of(EVP_PKEY* key, const char* name, int size = 0) {
  BIGNUM* number = nullptr;
  PARLEY_ASSERT(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  std::string bytes(static_cast<std::size_t>(size == 0 ? BN_num_bytes(number) : size), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
               static_cast<int>(bytes.size()));
  BN_free(number);
  return to_base64url(bytes);
}

std::string raw_public(EVP_PKEY* key) {
  std::string bytes(32, '\0');
  std::size_t size = bytes.size();
  EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(bytes.data()), &size);
  return to_base64url(bytes);
}

const EVP_MD* digest_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::hs384:
      return EVP_sha384();
    case Algorithm::hs512:
      return EVP_sha512();
    case Algorithm::eddsa:
      return nullptr;
    default:
      return EVP_sha256();
  }
}

std::string hmac(const EVP_MD* digest, std::string_view secret, std::string_view text) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(digest, secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  return {reinterpret_cast<const char*>(mac), size};
}

std::string from_der(const std::string& der) {
  const auto* in = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size()));
  std::string both(64, '\0');
  auto* out = reinterpret_cast<unsigned char*>(both.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32);
  ECDSA_SIG_free(signature);
  return both;
}

std::string member(std::string_view name, std::string_view value) {
  return ",\"" + std::string(name) + "\":\"" + std::string(value) + '"';
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  return algorithm_names[static_cast<std::size_t>(algorithm)].name;
}

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  return hmac(EVP_sha256(), secret, text);
}

TestSigner::TestSigner(Algorithm algorithm, std::string kid, unsigned strength)
    : algorithm_(algorithm), kid_(std::move(kid)) {
  if (!is_hmac(algorithm)) {
    key_.reset(new_key(algorithm, strength), &EVP_PKEY_free);
    PARLEY_ASSERT(key_ != nullptr);
    return;
  }
  secret_.resize(strength == 0 ? 64 : strength);
  RAND_bytes(reinterpret_cast<unsigned char*>(secret_.data()), static_cast<int>(secret_.size()));
}

std::string TestSigner::jwk(std::string_view extra) const {
  std::string json = kid_.empty() ? "" : member("kid", kid_);
  if (!extra.empty()) json += "," + std::string(extra);
  switch (algorithm_) {
    case Algorithm::rs256:
    case Algorithm::ps256:
      return "{\"kty\":\"RSA\"" + json + member("n", number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N)) +
             member("e", number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E)) + '}';
    case Algorithm::es256:
      return "{\"kty\":\"EC\",\"crv\":\"P-256\"" + json +
             member("x", number_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32)) +
             member("y", number_of(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32)) + '}';
    case Algorithm::eddsa:
      return "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"" + json + member("x", raw_public(key_.get())) +
             '}';
    default:
      return "{\"kty\":\"oct\"" + json + member("k", to_base64url(secret_)) + '}';
  }
}

std::string TestSigner::header() const {
  return "{\"typ\":\"JWT\"" + member("alg", name_of(algorithm_)) +
         (kid_.empty() ? "" : member("kid", kid_)) + '}';
}

std::string TestSigner::token(std::string_view header, std::string_view claims) const {
  std::string text = to_base64url(header) + '.' + to_base64url(claims);
  return text + '.' + to_base64url(sign(text));
}

std::string TestSigner::sign(std::string_view text) const {
  if (is_hmac(algorithm_)) return hmac(digest_of(algorithm_), secret_, text);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free);
  EVP_PKEY_CTX* padding = nullptr;
  EVP_DigestSignInit(context.get(), &padding, digest_of(algorithm_), nullptr, key_.get());
  if (algorithm_ == Algorithm::ps256) {
    EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
  }
  const auto* in = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, in, text.size());
  std::string signature(size, '\0');
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  PARLEY_ASSERT(EVP_DigestSign(context.get(), out, &size, in, text.size()) == 1);
  signature.resize(size);
  return algorithm_ == Algorithm::es256 ? from_der(signature) : signature;
}

}  // namespace parley::identity
