#include "identity/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/random.h"
#include "identity/base64url.h"
#include "identity/test_signer.h"

namespace parley::identity {
namespace {

using testing::HasSubstr;

const Time now = from_micros(1'767'323'045'000'000);  // 1767323045 s
constexpr std::string_view good_claims = R"({"sub":"anna","exp":1767323105})";

std::string joined(std::string_view header, std::string_view claims, std::string_view signature) {
  std::string token = to_base64url(header).append(".");
  return token.append(to_base64url(claims)).append(".").append(signature);
}

void mutate(std::string& text, Random& random) {
  std::size_t at = random.next() % text.size();
  auto how = random.next() % 4;
  if (how == 0) text[at] = static_cast<char>(random.next());
  if (how == 1) text.erase(at, random.next() % 5);
  if (how == 2) text.insert(at, 1, static_cast<char>(random.next() % 128));
  if (how == 3) std::swap(text[at], text[random.next() % text.size()]);
}

class Tokens : public testing::Test {
 protected:
  [[nodiscard]] Result<Identity> verify(std::string_view token, const Rules& rules = {}) const {
    return verifier.verify(token, now, rules);
  }
  [[nodiscard]] Result<Identity> claims(std::string_view json, const Rules& rules = {}) const {
    return verify(signer.token(json), rules);
  }
  // Why the token is refused, which must be with unauthorized; empty if it is not.
  [[nodiscard]] std::string refusal(std::string_view token, const Rules& rules = {}) const {
    auto identity = verify(token, rules);
    if (identity) return "";
    EXPECT_EQ(identity.error().code, Code::unauthorized);
    return identity.error().detail;
  }
  [[nodiscard]] std::string refused_claims(std::string_view json, const Rules& rules = {}) const {
    return refusal(signer.token(json), rules);
  }
  static Keyring keys_of(std::initializer_list<const TestSigner*> signers) {
    Keyring keys;
    for (const TestSigner* one : signers) EXPECT_TRUE(keys.add_jwks(one->jwks()));
    return keys;
  }

  TestSigner signer{Algorithm::hs256};
  Verifier verifier{keys_of({&signer})};
};

TEST_F(Tokens, of_every_algorithm_are_taken_and_no_changed_part_is) {
  for (const AlgorithmName& row : algorithm_names) {
    TestSigner one(row.algorithm, "k1");
    verifier.replace(keys_of({&one}));
    std::string token = one.token(good_claims);
    auto identity = verify(token);
    ASSERT_TRUE(identity) << row.name << ": " << identity.error().detail;
    EXPECT_EQ(identity->user, "anna");
    EXPECT_EQ(identity->expires, now + std::chrono::seconds{60});

    std::string signature = token.substr(token.rfind('.') + 1);
    std::string ben = R"({"sub":"ben","exp":1767323105})";
    EXPECT_NE(refusal(joined(one.header(), ben, signature)), "") << row.name;
    EXPECT_NE(refusal(joined(one.header().append(" "), good_claims, signature)), "") << row.name;
    EXPECT_NE(refusal(TestSigner(row.algorithm, "k1").token(good_claims)), "") << row.name;
    EXPECT_NE(refusal(token.substr(0, token.size() - 4)), "") << row.name;
    EXPECT_NE(refusal(token + "AAAA"), "") << row.name;
  }
}

TEST_F(Tokens, without_algorithm_are_refused) {
  std::string claims = '.' + to_base64url(good_claims) + '.';
  for (std::string_view header :
       {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"NONE"})", R"({"alg":""})",
        R"({"alg":"hs256"})", R"({"alg":null})", R"({"alg":["HS256"]})", R"({})"}) {
    EXPECT_NE(refusal(to_base64url(header) + claims), "");
    EXPECT_NE(refusal(to_base64url(header) + claims + "AAAA"), "");
    EXPECT_NE(refusal(signer.token(header, good_claims)), "") << header;
  }
}

TEST_F(Tokens, signed_with_a_public_key_as_if_it_were_a_secret_are_refused) {
  for (Algorithm algorithm : {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
    TestSigner one(algorithm, "k");
    verifier.replace(keys_of({&one}));
    std::string text =
        to_base64url(R"({"alg":"HS256","kid":"k"})") + '.' + to_base64url(good_claims);
    for (const std::string& secret : {one.jwk(), one.jwks(), std::string()})
      EXPECT_THAT(refusal(text + '.' + to_base64url(hmac_sha256(secret, text))),
                  HasSubstr("not what the key is for"));
  }
}

TEST_F(Tokens, choose_their_key_by_kid) {
  TestSigner first(Algorithm::es256, "first"), second(Algorithm::es256, "second"),
      third(Algorithm::es256, "third");
  verifier.replace(keys_of({&first, &second}));
  EXPECT_TRUE(verify(first.token(good_claims)));
  EXPECT_TRUE(verify(second.token(good_claims)));
  EXPECT_THAT(refusal(second.token(first.header(), good_claims)), HasSubstr("signature"));
  EXPECT_FALSE(verifier.met_unknown_key());
  EXPECT_THAT(refusal(third.token(good_claims)), HasSubstr("kid"));
  EXPECT_TRUE(verifier.met_unknown_key());
  EXPECT_TRUE(
      verify(second.token(R"({"alg":"ES256"})", good_claims)));  // names none: each is tried
}

TEST_F(Tokens, expire_on_the_second) {
  EXPECT_EQ(refused_claims(R"({"sub":"anna","exp":1767323045})"),
            "the token expired at 2026-01-02T03:04:05Z");
  EXPECT_TRUE(claims(R"({"sub":"anna","exp":1767323045.5})"));
  EXPECT_TRUE(claims(R"({"sub":"anna","exp":1767323046})"));
  EXPECT_NE(refused_claims(R"({"sub":"anna","exp":-1})"), "");
  EXPECT_NE(refused_claims(R"({"sub":"anna","exp":0})"), "");
}

TEST_F(Tokens, expired_on_a_socket_say_so_by_their_code) {
  auto identity =
      claims(R"({"sub":"anna","exp":1767323045})", {.when_expired = Code::token_expired});
  EXPECT_EQ(identity.error().code, Code::token_expired);
}

TEST_F(Tokens, need_an_expiry_unless_the_wire_does_without) {
  EXPECT_THAT(refused_claims(R"({"sub":"anna"})"), HasSubstr("no exp"));
  EXPECT_THAT(refused_claims(R"({"sub":"anna","exp":null})"), HasSubstr("no exp"));
  auto identity = claims(R"({"sub":"anna"})", {.require_expiry = false});
  ASSERT_TRUE(identity);
  EXPECT_FALSE(identity->expires);
  EXPECT_NE(refused_claims(R"({"sub":"anna","exp":1})", {.require_expiry = false}), "");
}

TEST_F(Tokens, with_times_that_are_no_numbers_are_refused) {
  for (std::string_view time : {R"("1767323105")", "true", "[]", "{}", R"("")"}) {
    EXPECT_THAT(refused_claims(R"({"sub":"anna","exp":)" + std::string(time) + "}"),
                HasSubstr("exp is not a number"));
    EXPECT_THAT(
        refused_claims(R"({"sub":"anna","exp":1767323105,"nbf":)" + std::string(time) + "}"),
        HasSubstr("nbf"));
  }
  EXPECT_TRUE(claims(R"({"sub":"anna","exp":1e300})"));
  EXPECT_TRUE(claims(R"({"sub":"anna","exp":18446744073709551615})"));
}

TEST_F(Tokens, are_not_valid_before_their_time) {
  EXPECT_THAT(refused_claims(R"({"sub":"anna","exp":1767329999,"nbf":1767323055})"),
              HasSubstr("not valid before"));
  EXPECT_TRUE(claims(R"({"sub":"anna","exp":1767329999,"nbf":1767323045})"));
  EXPECT_TRUE(
      claims(R"({"sub":"anna","exp":1767329999,"nbf":1767323049})"));  // clocks differ a little
}

TEST_F(Tokens, are_for_one_service_where_the_wire_says_so) {
  const Rules strict{.issuer = "us", .audience = "chat", .token_type = "access"};
  auto with = [&](std::string_view more) {
    return refused_claims(R"({"sub":"anna","exp":1767323105)" + std::string(more) + "}", strict);
  };
  EXPECT_EQ(with(R"(,"iss":"us","aud":"chat")"), "");
  EXPECT_EQ(with(R"(,"iss":"us","aud":["mail","chat"],"token_type":"access")"), "");
  EXPECT_THAT(with(R"(,"aud":"chat")"), HasSubstr("iss"));
  EXPECT_THAT(with(R"(,"iss":"them","aud":"chat")"), HasSubstr("iss"));
  EXPECT_THAT(with(R"(,"iss":"us","aud":["mail"])"), HasSubstr("aud"));
  EXPECT_THAT(with(R"(,"iss":"us","aud":"chat","token_type":"refresh")"), HasSubstr("token_type"));
  EXPECT_TRUE(claims(R"({"sub":"anna","exp":1767323105,"token_type":"refresh","iss":7})"));
}

TEST_F(Tokens, name_their_user_by_the_first_claim_that_is_given) {
  EXPECT_EQ(claims(R"({"id":"c","user_id":"b","sub":"a","exp":1767323105})")->user, "a");
  EXPECT_EQ(claims(R"({"id":"c","user_id":"b","exp":1767323105})")->user, "b");
  EXPECT_EQ(claims(R"({"id":"c","sub":null,"exp":1767323105})")->user, "c");
  EXPECT_EQ(
      claims(R"({"id":"c","sub":"a","exp":1767323105})", {.user_claims = {"id", "sub"}})->user,
      "c");
  EXPECT_THAT(refused_claims(R"({"name":"a","exp":1767323105})"), HasSubstr("names no user"));
}

TEST_F(Tokens, a_user_is_a_text_or_a_whole_number) {
  EXPECT_EQ(claims(R"({"sub":42,"exp":1767323105})")->user, "42");
  EXPECT_EQ(claims(R"({"sub":-9223372036854775808,"exp":1767323105})")->user,
            "-9223372036854775808");
  EXPECT_EQ(claims(R"({"sub":18446744073709551615,"exp":1767323105})")->user,
            "18446744073709551615");
  EXPECT_NE(refused_claims(R"({"sub":42,"exp":1767323105})", {.number_is_user = false}), "");
  // The first claim given counts: no falling back from one that is wrong.
  for (std::string_view bad :
       {"1.5", "true", "[]", R"(["anna"])", R"({"a":1})", R"("")", R"("a\u0000b")", R"("a\nb")",
        R"("\u007f")", R"("\u0085")", R"("\udc00")"})
    EXPECT_NE(
        refused_claims(R"({"user_id":"ben","exp":1767323105,"sub":)" + std::string(bad) + "}"), "")
        << bad;
}

TEST_F(Tokens, a_user_has_at_most_128_bytes) {
  auto with = [](const std::string& user) { return R"({"exp":1767323105,"sub":")" + user + "\"}"; };
  EXPECT_TRUE(claims(with(std::string(128, 'a'))));
  EXPECT_NE(refused_claims(with(std::string(129, 'a'))), "");
  EXPECT_EQ(claims(with("安娜🙂"))->user, "安娜🙂");
}

TEST_F(Tokens, any_role_but_service_and_admin_is_user) {
  auto role = [this](std::string_view json) {
    return claims(R"({"sub":"anna","exp":1767323105,"role":)" + std::string(json) + "}")->role;
  };
  EXPECT_EQ(role("\"admin\""), TokenRole::admin);
  EXPECT_EQ(role("\"service\""), TokenRole::service);
  for (std::string_view other :
       {"\"user\"", "\"Admin\"", "\"root\"", "[\"admin\"]", "1", "null", "true"})
    EXPECT_EQ(role(other), TokenRole::user) << other;
}

TEST_F(Tokens, that_want_extensions_are_refused) {
  for (std::string_view crit : {R"(["b64"])", "[]", "null", R"("exp")"})
    EXPECT_THAT(
        refusal(signer.token(R"({"alg":"HS256","crit":)" + std::string(crit) + "}", good_claims)),
        HasSubstr("crit"));
}

TEST_F(Tokens, with_a_name_twice_are_refused) {
  EXPECT_THAT(refusal(signer.token(R"({"alg":"HS256","alg":"none"})", good_claims)),
              HasSubstr("twice"));
  EXPECT_THAT(refused_claims(R"({"sub":"anna","exp":1767323105,"\u0073ub":"ben"})"),
              HasSubstr("twice"));
  EXPECT_TRUE(claims(R"({"sub":"anna","exp":1767323105,"a":{"b":1},"c":{"b":[2]}})"));
}

TEST_F(Tokens, of_another_shape_are_refused) {
  std::string token = signer.token(good_claims);
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), token + '.',
        '.' + token, token + "=", token + ' ', ' ' + token, "Bearer " + token, token + "\n",
        token.substr(0, token.rfind('.')), token.substr(0, token.rfind('.') + 1),
        std::string(1000, '.'), std::string(8193, 'a')})
    EXPECT_NE(refusal(bad), "") << bad;
  for (std::string_view bad :
       {"", "null", "[]", "\"anna\"", "{", "{}{}", "{\"sub\":\"\xFF\",\"exp\":1767323105}"}) {
    EXPECT_NE(refused_claims(bad), "") << bad;
    EXPECT_NE(refusal(signer.token(bad, good_claims)), "") << bad;
  }
  EXPECT_NE(refused_claims(std::string(40, '[') + std::string(40, ']')), "");
}

TEST_F(Tokens, are_limited_in_size) {
  auto padded = [](std::size_t size) {
    return R"({"sub":"anna","exp":1767323105,"x":")" + std::string(size, 'x') + "\"}";
  };
  EXPECT_TRUE(claims(padded(5'900)));
  EXPECT_THAT(refused_claims(padded(6'200)), HasSubstr("longer than 8192 bytes"));
}

TEST_F(Tokens, nobody_is_trusted_without_keys) {
  verifier.replace({});
  EXPECT_NE(refusal(signer.token(good_claims)), "");
}

TEST_F(Tokens, a_changed_byte_never_verifies) {
  SeededRandom random(2026);
  for (Algorithm algorithm : {Algorithm::hs256, Algorithm::es256, Algorithm::eddsa}) {
    TestSigner one(algorithm, "k1");
    verifier.replace(keys_of({&one}));
    const std::string token = one.token(good_claims);
    for (int i = 0; i < 1'000; ++i) {
      std::string changed = token;
      for (auto times = random.next() % 3; times < 3 && !changed.empty(); ++times)
        mutate(changed, random);
      if (changed != token) ASSERT_NE(refusal(changed), "") << changed;
    }
  }
}

TEST_F(Tokens, keys_may_change_while_others_verify) {
  std::string token = signer.token(good_claims);
  std::atomic<bool> done = false;
  std::jthread other([&] {
    while (!done) EXPECT_TRUE(verify(token));
  });
  for (int i = 0; i < 200; ++i) verifier.replace(keys_of({&signer}));
  done = true;
}

}  // namespace
}  // namespace parley::identity
