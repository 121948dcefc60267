#include "base/clip.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Clip, never_ends_inside_a_character) {
  EXPECT_EQ(first_bytes("a\u00e9z", 1), "a");
  EXPECT_EQ(first_bytes("a\u00e9z", 2), "a");
  EXPECT_EQ(first_bytes("a\u00e9z", 3), "a\u00e9");
  EXPECT_EQ(first_bytes("\U0001F600", 3), "");
  EXPECT_EQ(first_bytes("ab", 5), "ab");
  EXPECT_EQ(first_code_points("a\u00e9z", 2), "a\u00e9");
  EXPECT_EQ(first_code_points("a\u00e9z", 3), "a\u00e9z");
  EXPECT_EQ(first_code_points("a\u00e9z", 0), "");
}

}  // namespace
}  // namespace parley
