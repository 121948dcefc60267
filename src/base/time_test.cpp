#include "base/time.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Time, is_written_in_utc_with_milliseconds) {
  EXPECT_EQ(rfc3339(from_micros(1767323045678901)), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(rfc3339(from_micros(1767323045678901), 6), "2026-01-02T03:04:05.678901Z");
  EXPECT_EQ(rfc3339(from_micros(0), 0), "1970-01-01T00:00:00Z");
}

TEST(Time, is_read_back) {
  for (std::int64_t micros : {0LL, 1767323045678901LL, 951782400000000LL, 4102444799999999LL})
    EXPECT_EQ(parse_rfc3339(rfc3339(from_micros(micros), 6)), from_micros(micros));
  EXPECT_EQ(parse_rfc3339("2026-01-02T04:04:05+01:00"), parse_rfc3339("2026-01-02T03:04:05Z"));
}

TEST(Time, what_is_no_time_is_refused) {
  for (std::string_view junk : {"", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                                "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z",
                                "2026-01-02T25:04:05Z", "2026-01-02T03:04:05Zx"})
    EXPECT_FALSE(parse_rfc3339(junk)) << junk;
}

}  // namespace
}  // namespace parley
