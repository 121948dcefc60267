#include "engine/text_query.h"

#include <gtest/gtest.h>

namespace parley::engine {
namespace {

bool finds(std::string_view query, std::string_view text) {
  auto parsed = TextQuery::parse(query);
  EXPECT_TRUE(parsed) << query;
  return parsed && parsed->matches(text);
}

constexpr std::string_view fox = "The quick brown fox jumps over the lazy dog.";

TEST(TextQuery, all_words_must_be_there_in_any_order) {
  EXPECT_TRUE(finds("fox quick", fox));
  EXPECT_FALSE(finds("fox cat", fox));
  EXPECT_FALSE(finds("quic", fox));  // a word is a whole word
}

TEST(TextQuery, a_phrase_stands_as_it_is) {
  EXPECT_TRUE(finds("\"brown fox\"", fox));
  EXPECT_FALSE(finds("\"fox brown\"", fox));
  EXPECT_TRUE(finds("\"lazy dog", fox));  // never closed
  EXPECT_TRUE(finds("e-mail", "by e-mail"));
  EXPECT_FALSE(finds("e-mail", "mail e"));
}

TEST(TextQuery, a_star_is_a_beginning) {
  EXPECT_TRUE(finds("qui*", fox));
  EXPECT_FALSE(finds("uick*", fox));
  EXPECT_TRUE(finds("\"brown fo*\"", fox));
}

TEST(TextQuery, a_minus_is_what_must_not_be_there) {
  EXPECT_FALSE(finds("fox -lazy", fox));
  EXPECT_TRUE(finds("fox -\"dog lazy\"", fox));
  EXPECT_TRUE(finds("fox - lazy", fox));  // a minus by itself is nothing
  EXPECT_FALSE(TextQuery::parse("-fox"));
}

TEST(TextQuery, case_and_accents_do_not_count) {
  EXPECT_TRUE(finds("CAFE", "un café crème"));
  EXPECT_TRUE(finds("café", "un cafe"));
  EXPECT_TRUE(finds("strasse", "Straße"));
  EXPECT_TRUE(finds("МОСКВА", "москва"));
  EXPECT_TRUE(finds("cafe", "cafe\u0301"));
}

TEST(TextQuery, texts_without_spaces_are_searched_too) {
  constexpr std::string_view park = "今天天气很好，我们去公园吧";
  EXPECT_TRUE(finds("公园", park));
  EXPECT_TRUE(finds("天气 公园", park));
  EXPECT_FALSE(finds("园公", park));
  EXPECT_TRUE(finds("とうきょう", "ここはとうきょうです"));
  EXPECT_TRUE(finds("ไทย", "ภาษาไทย"));
  EXPECT_TRUE(finds("北京", "I love 北京!"));
}

TEST(TextQuery, an_emoji_is_a_word) {
  EXPECT_TRUE(finds("👍", "great👍👍"));
  EXPECT_TRUE(finds("great", "great👍👍"));
  EXPECT_FALSE(finds("👎", "great👍"));
  EXPECT_TRUE(finds("❤", "with ❤️ from here"));  // with and without the selector
}

TEST(TextQuery, nothing_to_look_for_is_refused) {
  for (const char* none : {"", "   ", "\"\"", "...", "*", "-"})
    EXPECT_FALSE(TextQuery::parse(none)) << none;
}

TEST(TextQuery, a_snippet_marks_the_hits_and_escapes_the_rest) {
  EXPECT_EQ(TextQuery::parse("b c")->snippet("a <b> & c"),
            "a &lt;<mark>b</mark>&gt; &amp; <mark>c</mark>");
  EXPECT_EQ(TextQuery::parse("\"brown fox\"")->snippet("brown fox, \"brown\""),
            "<mark>brown fox</mark>, &quot;brown&quot;");
  EXPECT_EQ(TextQuery::parse("公园")->snippet("去公园吧"), "去<mark>公园</mark>吧");
}

TEST(TextQuery, a_snippet_of_a_long_text_is_around_the_first_hit) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "wörds ";
  const std::string long_text = text + "needle " + text;
  const std::string shown = TextQuery::parse("needle")->snippet(long_text);
  EXPECT_LT(shown.size(), 300U);
  EXPECT_TRUE(shown.starts_with("…") && shown.ends_with("…"));
  EXPECT_NE(shown.find("<mark>needle</mark>"), std::string::npos);
}

}  // namespace
}  // namespace parley::engine
