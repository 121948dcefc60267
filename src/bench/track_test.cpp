#include "bench/track.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

using namespace std::chrono_literals;

TEST(Track, has_a_point_for_each_quarter_of_a_second_in_which_something_came) {
  Track track;
  const Instant start{10s};
  track.add(start, 1ms);
  track.add(start + 100ms, 3ms);
  track.add(start + 300ms, 5ms);
  track.add(start + 2s, 7ms);
  const auto points = track.points();
  ASSERT_EQ(points.size(), 3U);
  EXPECT_DOUBLE_EQ(points[0].at_s, 0);
  EXPECT_DOUBLE_EQ(points[0].max_ms, 3);
  EXPECT_DOUBLE_EQ(points[1].at_s, 0.25);
  EXPECT_DOUBLE_EQ(points[2].at_s, 2);
  EXPECT_DOUBLE_EQ(points[2].p99_ms, 7);
  EXPECT_EQ(track.all().count(), 4U);
}

TEST(Track, is_empty_when_it_is_cleared) {
  Track track;
  track.add(Instant{1s}, 1ms);
  track.clear();
  EXPECT_TRUE(track.points().empty());
  EXPECT_EQ(track.all().count(), 0U);
}

}  // namespace
}  // namespace parley::bench
