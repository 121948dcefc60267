#include "store/tokens.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace parley::store {
namespace {

using testing::ElementsAre;
using testing::IsSupersetOf;

Tokens of_piece(std::string_view piece) {
  SoughtTokens sought;
  sought.add_piece(piece);
  return sought.take();
}
Tokens of_phrase(const std::vector<std::string>& words, LastWord last = LastWord::ends_there) {
  SoughtTokens sought;
  sought.add_phrase(words, last);
  return sought.take();
}

TEST(Tokens, are_words_and_pieces_of_three_letters) {
  EXPECT_THAT(tokens_of("A café, a CAT"), ElementsAre("_afe", "_caf", "_cat", "a", "cafe", "cat"));
  EXPECT_THAT(tokens_of("Five sixsix"), IsSupersetOf({"five", "sixsix", "__sixsi"}));
  EXPECT_THAT(tokens_of("fünfe, é"), IsSupersetOf({"__funfe"}));
  EXPECT_THAT(tokens_of(""), ElementsAre());
  EXPECT_THAT(tokens_of("... !"), ElementsAre());
}

TEST(Tokens, are_characters_and_pairs_where_there_are_no_spaces) {
  EXPECT_THAT(tokens_of("去公园"), testing::UnorderedElementsAre("去", "公", "园", "去公", "公园"));
  // A phrase goes over what only parts words.
  EXPECT_THAT(tokens_of("好，我"), testing::UnorderedElementsAre("好", "我", "好我"));
}

TEST(Tokens, of_a_phrase_are_its_words_or_the_pairs_that_have_them) {
  EXPECT_THAT(of_phrase({"brown", "fox"}), ElementsAre("brown", "fox"));
  EXPECT_THAT(of_phrase({"公", "园", "吧"}), testing::UnorderedElementsAre("公园", "园吧"));
  EXPECT_THAT(of_phrase({"公"}), ElementsAre("公"));
  EXPECT_THAT(of_phrase({"the", "cate"}, LastWord::may_go_on),
              testing::UnorderedElementsAre("the", "_cat", "_ate"));
  EXPECT_THAT(of_phrase({"the", "cater"}, LastWord::may_go_on),
              testing::UnorderedElementsAre("the", "__cater"));
  EXPECT_THAT(of_phrase({"catér"}, LastWord::may_go_on), ElementsAre("__catér"));
  EXPECT_THAT(of_phrase({"caterpill"}, LastWord::may_go_on),
              testing::UnorderedElementsAre("__cater", "_erp", "_rpi", "_pil", "_ill"));
  EXPECT_THAT(of_phrase({"ca"}, LastWord::may_go_on), ElementsAre());
}

TEST(Tokens, of_a_piece_say_nothing_about_where_words_end) {
  EXPECT_THAT(of_piece("illar's ca"), testing::UnorderedElementsAre("_ill", "_lla", "_lar"));
  EXPECT_THAT(of_piece("ab"), ElementsAre());
  EXPECT_THAT(of_piece("公园"), ElementsAre("公园"));
}

TEST(Tokens, have_nothing_in_them_that_means_something_to_an_index) {
  for (const char* text : {"½ ⑴ ㏂ ﷺ", "\"a\" (b)* c:d", "x'y"})
    for (const std::string& token : tokens_of(text))
      EXPECT_EQ(token.find_first_of(" \"'()*:,.-/"), std::string::npos) << token;
}

TEST(Tokens, of_very_long_words_are_cut_alike_everywhere) {
  std::string word;
  for (int i = 0; i < 300; ++i) word += "é";
  std::string folded(300, 'e');
  EXPECT_THAT(tokens_of(word), IsSupersetOf(of_phrase({folded})));
  for (const std::string& token : tokens_of(word)) EXPECT_LE(token.size(), 48U);
}

// Plain texts go a way of their own.
TEST(Tokens, of_a_plain_text_are_there_whatever_stands_beside_it) {
  SeededRandom random(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string text;
    for (std::uint64_t left = random.next() % 60; left > 0; --left)
      text += "abcxyzABZ059 .,_'-"[random.next() % 18];
    Tokens alone = tokens_of(text), beside = tokens_of(text + " 好");
    std::erase(beside, "好");
    EXPECT_EQ(alone, beside) << text;
  }
}

TEST(Tokens, of_what_is_sought_are_few) {
  std::string all;
  for (char c = 'a'; c <= 'z'; ++c) all += c;
  EXPECT_LE(of_piece(all + all).size(), 12U);
  EXPECT_THAT(tokens_of(all + all), IsSupersetOf(of_piece(all + all)));
}

}  // namespace
}  // namespace parley::store
