#include "identity/token.h"

#include <gtest/gtest.h>

#include "identity/verifier.h"

namespace parley::identity {
namespace {

using namespace std::chrono_literals;

const std::string secret(32, 's');
const Time now = from_micros(1'767'323'045'678'901);

Verifier verifier() {
  Keyring keys;
  EXPECT_TRUE(keys.add_secret(secret));
  return Verifier(std::move(keys));
}

TEST(Token, what_we_make_we_take) {
  for (TokenRole role : {TokenRole::user, TokenRole::service, TokenRole::admin}) {
    auto token = make_token(secret, "anna.müller@example.org", role, 24h, now);
    ASSERT_TRUE(token);
    auto identity = verifier().verify(*token, now, {});
    ASSERT_TRUE(identity) << identity.error().detail;
    EXPECT_EQ(identity->user, "anna.müller@example.org");
    EXPECT_EQ(identity->role, role);
    EXPECT_EQ(identity->expires, std::chrono::floor<std::chrono::seconds>(now) + 24h);
  }
}

TEST(Token, a_user_that_needs_escaping_comes_back) {
  auto token = make_token(secret, R"(a "b" \c)", TokenRole::user, 1h, now);
  ASSERT_TRUE(token);
  EXPECT_EQ(verifier().verify(*token, now, {})->user, R"(a "b" \c)");
}

TEST(Token, what_nobody_would_take_is_not_made) {
  EXPECT_FALSE(make_token(secret, "", TokenRole::user, 1h, now));
  EXPECT_FALSE(make_token(secret, "a\nb", TokenRole::user, 1h, now));
  EXPECT_FALSE(make_token(secret, "\xFF", TokenRole::user, 1h, now));
  EXPECT_FALSE(make_token(secret, std::string(129, 'a'), TokenRole::user, 1h, now));
  EXPECT_FALSE(make_token(secret, "anna", TokenRole::user, 0s, now));
  EXPECT_FALSE(make_token(secret, "anna", TokenRole::user, std::chrono::seconds::max(), now));
}

}  // namespace
}  // namespace parley::identity
