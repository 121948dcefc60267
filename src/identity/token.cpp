#include "identity/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/json_writer.h"
#include "identity/base64url.h"

namespace parley::identity {
namespace {

constexpr std::chrono::hours ttl_max{24 * 366 * 100};

std::string_view role_name(TokenRole role) {
  switch (role) {
    case TokenRole::service:
      return "service";
    case TokenRole::admin:
      return "admin";
    case TokenRole::user:
      break;
  }
  return "user";
}

std::string claims_json(std::string_view user_claim, std::string_view user, TokenRole role,
                        std::chrono::seconds ttl, Time now, const TokenTexts& texts) {
  std::int64_t issued = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::string json;
  JsonWriter writer(json);
  writer.open();
  writer.field(user_claim, user);
  writer.field("role", role_name(role));
  writer.field("iat", issued);
  writer.field("exp", issued + ttl.count());
  for (const auto& [name, text] : texts) writer.field(name, text);
  writer.close();
  return json;
}

std::string hs256(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  return {reinterpret_cast<const char*>(mac.data()), size};
}

}  // namespace

Result<std::string> make_token(std::string_view secret, std::string_view user, TokenRole role,
                               std::chrono::seconds ttl, Time now, std::string_view user_claim,
                               const TokenTexts& texts) {
  if (!is_user_id(user))
    return fail(Code::bad_request, "a user id is 1 to 128 bytes of printable UTF-8");
  if (ttl <= std::chrono::seconds{0} || ttl > ttl_max)
    return fail(Code::bad_request, "a token lives for at least a second and at most 100 years");
  std::string token = to_base64url(R"({"alg":"HS256","typ":"JWT"})") + '.' +
                      to_base64url(claims_json(user_claim, user, role, ttl, now, texts));
  return token + '.' + to_base64url(hs256(secret, token));
}

}  // namespace parley::identity
