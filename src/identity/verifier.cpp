#include "identity/verifier.h"

#include "identity/base64url.h"
#include "identity/claims.h"

namespace parley::identity {
namespace {

struct Parts {
  std::string_view header;
  std::string_view claims;
  std::string_view signature;
  std::string_view signed_text;  // header.claims, as they came
};

std::unexpected<Error> refused(std::string why) { return fail(Code::unauthorized, std::move(why)); }

Result<Parts> split(std::string_view token) {
  if (token.size() > Verifier::token_bytes_max)
    return refused("the token is longer than " + std::to_string(Verifier::token_bytes_max) +
                   " bytes");
  std::size_t first = token.find('.');
  std::size_t last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last)
    return refused("a token has three parts with dots between them");
  return Parts{token.substr(0, first), token.substr(first + 1, last - first - 1),
               token.substr(last + 1), token.substr(0, last)};
}

Result<std::string> decode(std::string_view part, std::string_view name) {
  auto bytes = from_base64url(part);
  if (!bytes || bytes->empty())
    return refused("the token's " + std::string(name) + " is not base64url");
  return std::move(*bytes);
}

std::string why(Match match) {
  switch (match) {
    case Match::verified:
      break;
    case Match::wrong_signature:
      return "the token's signature is not right";
    case Match::unknown_key:
      return "the token's kid is of no key that is known here";
    case Match::wrong_algorithm:
      return "the token's alg is not what the key is for";
  }
  return {};
}

}  // namespace

void Verifier::replace(Keyring keys) {
  auto fresh = std::make_shared<const Keyring>(std::move(keys));
  std::scoped_lock lock(mutex_);
  keys_.swap(fresh);  // the old ones go after the lock
}

std::shared_ptr<const Keyring> Verifier::keys() const {
  std::scoped_lock lock(mutex_);
  return keys_;
}

Result<Identity> Verifier::verify(std::string_view token, Time now, const Rules& rules) const {
  TRY(parts, split(token));
  TRY(header_json, decode(parts.header, "header"));
  TRY(header, read_header(header_json));
  TRY(signature, decode(parts.signature, "signature"));
  Match match = keys()->check(header.algorithm, header.kid, parts.signed_text, signature);
  if (match == Match::unknown_key) unknown_key_.store(true, std::memory_order_relaxed);
  if (match != Match::verified) return refused(why(match));
  TRY(claims_json, decode(parts.claims, "claims"));
  TRY(identity, read_claims(claims_json, now, rules));
  if (banned_ && banned_->has(identity.user, now))
    return fail(Code::revoked, "this user is banned from this server");
  return identity;
}

}  // namespace parley::identity
