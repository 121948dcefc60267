#include "app/config/units.h"

#include <gtest/gtest.h>

namespace parley::config {
namespace {

using namespace std::chrono_literals;

TEST(Units, sizes_are_read_and_shown) {
  EXPECT_EQ(parse_bytes("0"), 0U);
  EXPECT_EQ(parse_bytes("1048576"), 1'048'576U);
  EXPECT_EQ(parse_bytes("1MiB"), 1'048'576U);
  EXPECT_EQ(parse_bytes("64kib"), 65'536U);
  EXPECT_EQ(parse_bytes("2GB"), 2'000'000'000U);
  EXPECT_EQ(show_bytes(1'048'576), "1MiB");
  EXPECT_EQ(show_bytes(1'048'577), "1048577B");
  EXPECT_EQ(parse_bytes(show_bytes(1'000'000)), 1'000'000U);
}

TEST(Units, durations_need_their_unit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("24h"), 24h);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_FALSE(parse_duration("10"));
  EXPECT_EQ(show_duration(90s), "90s");
  EXPECT_EQ(show_duration(120s), "2m");
  EXPECT_EQ(show_duration(1500ms), "1500ms");
}

TEST(Units, nonsense_is_refused) {
  for (const char* bad : {"", "MiB", "1 MiB", "-1", "+1", "1.5MiB", "1XB", "99999999999999999999",
                          "9999999999GiB", "1MiBs"})
    EXPECT_FALSE(parse_bytes(bad)) << bad;
  for (const char* bad : {"", "s", "1 s", "-1s", "1.5s", "1y", "99999999999999999d", "1ss"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
  for (const char* bad : {"", "-1", "1x", "0x10", " 1"}) EXPECT_FALSE(parse_count(bad)) << bad;
}

}  // namespace
}  // namespace parley::config
