#include "identity/jwk.h"

#include <algorithm>

#include "identity/base64url.h"

namespace parley::identity {
namespace {

constexpr std::size_t kid_bytes_max = 256;

Result<std::string> bytes_member(const JsonObject& entry, std::string_view name) {
  TRY(text, entry.needed_text(name));
  auto bytes = from_base64url(text);
  if (!bytes || bytes->empty())
    return fail(Code::unprocessable, std::string(name) + " must be base64url without padding");
  return std::move(*bytes);
}

Result<Key> read_secret(const JsonObject& entry) {
  TRY(bytes, bytes_member(entry, "k"));
  if (bytes.size() < secret_bytes_min)
    return fail(Code::unprocessable, "the secret has " + std::to_string(bytes.size()) +
                                         " bytes; at least " + std::to_string(secret_bytes_min) +
                                         " are needed");
  return Key::secret(bytes);
}

Result<Key> read_rsa(const JsonObject& entry) {
  TRY(n, bytes_member(entry, "n"));
  TRY(e, bytes_member(entry, "e"));
  return Key::rsa(n, e);
}

Result<Key> read_p256(const JsonObject& entry) {
  TRY(x, bytes_member(entry, "x"));
  TRY(y, bytes_member(entry, "y"));
  return Key::p256(x, y);
}

Result<Key> read_ed25519(const JsonObject& entry) {
  TRY(x, bytes_member(entry, "x"));
  return Key::ed25519(x);
}

struct Kind {
  std::string_view kty;
  std::string_view curve;  // empty: kinds without one
  Result<Key> (*read)(const JsonObject&);
};
constexpr Kind kinds[] = {
    {"oct", "", read_secret},
    {"RSA", "", read_rsa},
    {"EC", "P-256", read_p256},
    {"OKP", "Ed25519", read_ed25519},
};

const Kind* kind_of(std::string_view kty, std::string_view curve) {
  const auto* found = std::ranges::find_if(kinds, [&](const Kind& kind) {
    return kind.kty == kty && (kind.curve.empty() || kind.curve == curve);
  });
  return found == std::end(kinds) ? nullptr : found;
}

// Why a key is not for checking tokens; empty if it is.
Result<std::string> other_purpose(const JsonObject& entry) {
  TRY(use, entry.text("use"));
  if (use && *use != "sig") return "its use is not sig";
  TRY(operations, entry.texts("key_ops"));
  if (operations && std::ranges::find(*operations, "verify") == operations->end())
    return "its key_ops have no verify";
  TRY(name, entry.text("alg"));
  if (name && !algorithm_named(*name)) return "its alg is none that we check";
  return "";
}

Result<std::optional<std::string>> read_kid(const JsonObject& entry) {
  TRY(kid, entry.text("kid"));
  if (!kid) return std::nullopt;
  if (kid->size() > kid_bytes_max)
    return fail(Code::unprocessable,
                "kid is longer than " + std::to_string(kid_bytes_max) + " bytes");
  return std::string(*kid);
}

}  // namespace

Result<Jwk> read_jwk(const JsonObject& entry) {
  Jwk jwk;
  TRY(kid, read_kid(entry));
  jwk.kid = std::move(kid);
  TRY(skipped, other_purpose(entry));
  TRY(kty, entry.needed_text("kty"));
  TRY(curve, entry.text("crv"));
  const Kind* kind = kind_of(kty, curve.value_or(""));
  if (skipped.empty() && kind == nullptr) skipped = "its kty or crv is none that we know";
  jwk.skipped = std::move(skipped);
  if (!jwk.skipped.empty()) return jwk;

  TRY(key, kind->read(entry));
  TRY(name, entry.text("alg"));
  if (name) {
    Algorithm algorithm = *algorithm_named(*name);
    if (!key.is_for(algorithm))
      return fail(Code::unprocessable, "alg contradicts kty: no such key can be used with it");
    key.only_for(algorithm);
  }
  jwk.key = std::move(key);
  return jwk;
}

}  // namespace parley::identity
