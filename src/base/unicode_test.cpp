#include "base/unicode.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Unicode, code_points_are_counted) {
  EXPECT_EQ(code_points(""), 0U);
  EXPECT_EQ(code_points("a\u00e9\U0001F44D"), 3U);
}

TEST(Unicode, one_character_is_what_a_reader_takes_for_one) {
  for (const char* one :
       {"a", "\u00e9", "e\u0301", "\U0001F44D", "\U0001F44D\U0001F3FD", "\U0001F1E9\U0001F1EA",
        "#\uFE0F\u20E3", "\U0001F468\u200D\U0001F469\u200D\U0001F467"})
    EXPECT_TRUE(is_one_character(one)) << one;
  for (const char* none : {"", "ab", "\U0001F44D\U0001F44D", "a ", "\xff"})
    EXPECT_FALSE(is_one_character(none)) << none;
}

TEST(Unicode, controls_are_taken_out_but_not_those_of_lines) {
  EXPECT_EQ(
      without_controls(std::string_view("a\0b\x1b[31mc\x07\td\r\ne\u0085\u009f\u00a0\x7f", 22)),
      "ab[31mc\td\r\ne\u00a0\x7f");
  EXPECT_EQ(without_controls("\u00c2\u4eca\U0001F44D"), "\u00c2\u4eca\U0001F44D");
  EXPECT_EQ(without_controls(""), "");
}

TEST(Unicode, case_is_folded_in_any_script) {
  EXPECT_EQ(fold_case("SCHL\u00dcSSEL"), fold_case("schl\u00fcssel"));
  EXPECT_EQ(fold_case("\u041f\u0420\u0418"), fold_case("\u043f\u0440\u0438"));
  EXPECT_EQ(fold_case("Stra\u00dfe"), fold_case("STRASSE"));
  EXPECT_NE(fold_case("a"), fold_case("b"));
}

}  // namespace
}  // namespace parley
