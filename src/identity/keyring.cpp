#include "identity/keyring.h"

#include "base/json.h"
#include "identity/jwk.h"

namespace parley::identity {
namespace {

std::string place_of(std::size_t index, const std::optional<std::string>& kid) {
  std::string place = "keys[" + std::to_string(index) + "]";
  if (kid) place += " (kid " + *kid + ")";
  return place;
}

}  // namespace

Result<void> Keyring::add_secret(std::string_view secret, std::optional<std::string> kid,
                                 ShortSecret shorter) {
  if (shorter == ShortSecret::refused && secret.size() < secret_bytes_min)
    return fail(Code::unprocessable, "the secret has " + std::to_string(secret.size()) +
                                         " bytes; at least " + std::to_string(secret_bytes_min) +
                                         " are needed, as a shorter one can be guessed");
  TRY(key, Key::secret(secret));
  keys_.push_back({std::move(kid), std::move(key)});
  return {};
}

Result<void> Keyring::add_jwks(std::string_view document) {
  TRY(set, parse_json_object(document));
  TRY(entries, set.objects("keys"));
  if (!entries) return fail(Code::unprocessable, "a JWK set has a list called keys");
  if (entries->size() > keys_max)
    return fail(Code::unprocessable,
                "there are more than " + std::to_string(keys_max) + " keys in the set");
  std::vector<Named> added;
  std::vector<std::string> skipped;
  for (std::size_t i = 0; i < entries->size(); ++i) {
    auto jwk = read_jwk((*entries)[i]);
    if (!jwk) return fail(jwk.error().code, place_of(i, {}) + ": " + jwk.error().detail);
    if (jwk->key)
      added.push_back({std::move(jwk->kid), std::move(*jwk->key)});
    else
      skipped.push_back(place_of(i, jwk->kid) + ": " + jwk->skipped);
  }
  if (added.empty())
    return fail(Code::unprocessable, "there is no key in the set that can check tokens");
  std::ranges::move(added, std::back_inserter(keys_));
  std::ranges::move(skipped, std::back_inserter(skipped_));
  return {};
}

Match Keyring::check(Algorithm algorithm, const std::optional<std::string>& kid,
                     std::string_view text, std::string_view signature) const {
  Match result = kid ? Match::unknown_key : Match::wrong_algorithm;
  std::size_t tries = 0;
  for (const Named& named : keys_) {
    if (kid && named.kid != kid) continue;
    if (result == Match::unknown_key) result = Match::wrong_algorithm;
    if (!named.key.is_for(algorithm)) continue;
    if (named.key.verifies(algorithm, text, signature)) return Match::verified;
    result = Match::wrong_signature;
    if (++tries == tries_max) break;
  }
  return result;
}

}  // namespace parley::identity
