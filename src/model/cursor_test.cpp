#include "model/cursor.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Cursor, comes_back_from_its_text) {
  for (std::uint64_t at : {0ULL, 1ULL, 127ULL, 128ULL, 1ULL << 40, ~0ULL}) {
    Cursor cursor{0xDEADBEEF, {at, 7, at}};
    EXPECT_EQ(Cursor::parse(cursor.text()), cursor);
  }
}

TEST(Cursor, refuses_what_it_did_not_write) {
  std::string good = Cursor{1, {2, 3}}.text();
  for (std::string_view bad : {"", "A", "!!!", "banana", "____________"})
    EXPECT_FALSE(Cursor::parse(bad)) << bad;
  EXPECT_FALSE(Cursor::parse(good + "AA"));
  EXPECT_FALSE(Cursor::parse(good.substr(0, good.size() - 2)));
}

TEST(Cursor, never_moves_back) {
  Cursor cursor{1, {5}};
  cursor.saw({0, 3});
  EXPECT_EQ(cursor.lanes[0], 5U);
  cursor.saw({0, 9});
  EXPECT_TRUE(cursor.has_seen({0, 9}));
  EXPECT_FALSE(cursor.has_seen({0, 10}));
}

}  // namespace
}  // namespace parley
