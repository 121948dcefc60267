#include "identity/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/base64url.h"
#include "identity/test_signer.h"

namespace parley::identity {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string set_of(std::initializer_list<std::string> keys) {
  std::string json;
  for (const std::string& key : keys) json += (json.empty() ? "" : ",") + key;
  return "{\"keys\":[" + json + "]}";
}

std::string refusal(const std::string& document) {
  auto added = Keyring{}.add_jwks(document);
  return added ? "" : added.error().detail;
}

Match check(const Keyring& keys, const TestSigner& signer, Algorithm algorithm,
            const std::optional<std::string>& kid = {}) {
  return keys.check(algorithm, kid, "text", signer.sign("text"));
}

TEST(Keyring, every_kind_of_key_is_read_from_a_set) {
  for (const AlgorithmName& row : algorithm_names) {
    TestSigner signer(row.algorithm, "k1");
    Keyring keys;
    ASSERT_TRUE(keys.add_jwks(signer.jwks())) << row.name;
    EXPECT_EQ(check(keys, signer, row.algorithm, "k1"), Match::verified) << row.name;
    EXPECT_EQ(check(keys, signer, row.algorithm), Match::verified) << row.name;
    EXPECT_EQ(check(keys, signer, row.algorithm, "k2"), Match::unknown_key) << row.name;
    EXPECT_EQ(check(keys, TestSigner(row.algorithm), row.algorithm, "k1"), Match::wrong_signature);
  }
}

TEST(Keyring, a_key_is_used_for_its_own_kind_of_algorithm_only) {
  TestSigner rsa(Algorithm::rs256, "k");
  Keyring keys;
  ASSERT_TRUE(keys.add_jwks(rsa.jwks()));
  for (Algorithm other : {Algorithm::hs256, Algorithm::hs512, Algorithm::es256, Algorithm::eddsa})
    EXPECT_EQ(check(keys, rsa, other, "k"), Match::wrong_algorithm);
  EXPECT_EQ(check(keys, rsa, Algorithm::ps256, "k"),
            Match::wrong_signature);  // right key, other padding
}

TEST(Keyring, a_key_with_an_alg_is_used_for_that_one_only) {
  TestSigner pss(Algorithm::ps256), pkcs(Algorithm::rs256), secret(Algorithm::hs256);
  Keyring keys;
  ASSERT_TRUE(keys.add_jwks(set_of({pss.jwk(R"("alg":"PS256")"), secret.jwk(R"("alg":"HS384")")})));
  EXPECT_EQ(check(keys, pss, Algorithm::ps256), Match::verified);
  EXPECT_EQ(check(keys, pkcs, Algorithm::rs256), Match::wrong_algorithm);
  EXPECT_EQ(check(keys, secret, Algorithm::hs256), Match::wrong_algorithm);
}

TEST(Keyring, keys_for_other_purposes_are_left_out_and_named) {
  TestSigner good(Algorithm::es256, "good"), other(Algorithm::es256, "other");
  for (std::string_view extra : {R"("use":"enc")", R"("key_ops":["sign"])", R"("alg":"ES512")"}) {
    Keyring keys;
    ASSERT_TRUE(
        keys.add_jwks(set_of({good.jwk(R"("use":"sig","key_ops":["verify"])"), other.jwk(extra)})));
    EXPECT_EQ(keys.size(), 1U);
    EXPECT_THAT(keys.skipped(), ElementsAre(HasSubstr("keys[1] (kid other)"))) << extra;
    EXPECT_EQ(check(keys, other, Algorithm::es256, "other"), Match::unknown_key);
  }
}

TEST(Keyring, unknown_kinds_and_curves_are_left_out) {
  Keyring keys;
  ASSERT_TRUE(keys.add_jwks(set_of({TestSigner(Algorithm::eddsa).jwk(), R"({"kty":"LWE"})",
                                    R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})",
                                    R"({"kty":"OKP","crv":"X25519","x":"AA"})"})));
  EXPECT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys.skipped().size(), 3U);
}

TEST(Keyring, weak_keys_refuse_the_set) {
  EXPECT_THAT(refusal(TestSigner(Algorithm::rs256, "old", 1024).jwks()),
              HasSubstr("keys[0]: the RSA key has 1024 bits; 2048 to 8192 are accepted"));
  EXPECT_THAT(refusal(TestSigner(Algorithm::hs256, "", 31).jwks()),
              HasSubstr("31 bytes; at least 32"));
  EXPECT_EQ(refusal(TestSigner(Algorithm::hs256, "", 32).jwks()), "");
}

TEST(Keyring, a_plain_secret_has_32_bytes_unless_shorter_ones_are_allowed) {
  Keyring keys;
  auto added = keys.add_secret(std::string(31, 's'));
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().detail, HasSubstr("31 bytes; at least 32"));
  EXPECT_THAT(added.error().detail, testing::Not(HasSubstr("sss")));
  EXPECT_TRUE(keys.add_secret(std::string(32, 's')));
  EXPECT_TRUE(keys.add_secret("your-jwt-secret", {}, ShortSecret::allowed));
  EXPECT_FALSE(keys.add_secret("", {}, ShortSecret::allowed));
  EXPECT_EQ(keys.size(), 2U);
}

TEST(Keyring, broken_sets_are_refused_with_the_reason) {
  EXPECT_THAT(refusal("nonsense"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("{}"), HasSubstr("list called keys"));
  EXPECT_THAT(refusal("{\"keys\":[]}"), HasSubstr("no key in the set"));
  EXPECT_THAT(refusal("{\"keys\":{}}"), HasSubstr("keys"));
  EXPECT_THAT(refusal("{\"keys\":[1]}"), HasSubstr("keys"));
  EXPECT_THAT(refusal(set_of({"{}"})), HasSubstr("kty"));
  EXPECT_THAT(refusal(set_of({R"({"kty":"RSA","n":"AA==","e":"AQAB"})"})),
              HasSubstr("n must be base64url"));
  EXPECT_THAT(refusal(set_of({R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"})),
              HasSubstr("32 bytes"));
  EXPECT_THAT(refusal(set_of({R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"})),
              HasSubstr("32 bytes"));
  EXPECT_THAT(refusal(set_of({R"({"kty":7})"})), HasSubstr("kty must be a text"));
  EXPECT_THAT(refusal(set_of({TestSigner(Algorithm::es256).jwk(R"("alg":"HS256")")})),
              HasSubstr("alg contradicts kty"));
}

TEST(Keyring, a_point_off_the_curve_is_refused) {
  std::string ones = to_base64url(std::string(32, '\1'));
  EXPECT_THAT(
      refusal(set_of({R"({"kty":"EC","crv":"P-256","x":")" + ones + R"(","y":")" + ones + "\"}"})),
      HasSubstr("no point of the curve"));
}

TEST(Keyring, a_refused_set_leaves_the_keys_as_they_were) {
  Keyring keys;
  ASSERT_TRUE(keys.add_jwks(TestSigner(Algorithm::eddsa).jwks()));
  EXPECT_FALSE(keys.add_jwks(set_of({TestSigner(Algorithm::eddsa).jwk(), "{}"})));
  EXPECT_EQ(keys.size(), 1U);
}

TEST(Keyring, two_keys_with_one_kid_are_both_tried) {
  TestSigner old(Algorithm::es256, "k"), fresh(Algorithm::es256, "k");
  Keyring keys;
  ASSERT_TRUE(keys.add_jwks(set_of({old.jwk(), fresh.jwk()})));
  EXPECT_EQ(check(keys, old, Algorithm::es256, "k"), Match::verified);
  EXPECT_EQ(check(keys, fresh, Algorithm::es256, "k"), Match::verified);
}

}  // namespace
}  // namespace parley::identity
