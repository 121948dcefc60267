#include "bench/histogram.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

using std::chrono::nanoseconds;

TEST(Histogram, percentiles_of_a_thousand_values_are_right_to_one_in_sixty_four) {
  Histogram histogram;
  for (int value = 1; value <= 1'000; ++value) histogram.add(std::chrono::microseconds(value));
  const auto within = [](nanoseconds got, double wanted_us) {
    const double us = static_cast<double>(got.count()) / 1e3;
    return us >= wanted_us && us <= wanted_us * (1 + 1.0 / 64);
  };
  EXPECT_TRUE(within(histogram.percentile(0.5), 500)) << histogram.percentile(0.5).count();
  EXPECT_TRUE(within(histogram.percentile(0.99), 990)) << histogram.percentile(0.99).count();
  EXPECT_EQ(histogram.percentile(1), std::chrono::milliseconds(1));
  EXPECT_EQ(histogram.max(), std::chrono::milliseconds(1));
  EXPECT_EQ(histogram.count(), 1'000U);
}

TEST(Histogram, bars_hold_every_value_once_without_empty_ends) {
  Histogram histogram;
  for (const int value : {1'000, 1'001, 5'000}) histogram.add(std::chrono::microseconds(value));
  const auto bars = histogram.bars();
  ASSERT_GT(bars.size(), 2U);
  EXPECT_EQ(bars.front().count, 2U);
  EXPECT_EQ(bars.back().count, 1U);
  EXPECT_GE(bars.back().upto, std::chrono::milliseconds(5));
  EXPECT_TRUE(Histogram().bars().empty());
}

TEST(Histogram, small_values_are_exact) {
  Histogram histogram;
  for (int value = 0; value < 100; ++value) histogram.add(nanoseconds(value));
  for (int share = 1; share <= 100; ++share) {
    EXPECT_EQ(histogram.percentile(share / 100.0), nanoseconds(share - 1));
  }
}

TEST(Histogram, one_value_is_every_percentile) {
  Histogram histogram;
  histogram.add(nanoseconds(123'456'789));
  EXPECT_EQ(histogram.percentile(0), nanoseconds(123'456'789));
  EXPECT_EQ(histogram.percentile(0.999), nanoseconds(123'456'789));
}

TEST(Histogram, keeps_values_beyond_its_range_and_below_zero) {
  Histogram histogram;
  histogram.add(std::chrono::hours(24));
  histogram.add(nanoseconds(-5));
  EXPECT_EQ(histogram.percentile(0.5), nanoseconds(0));
  EXPECT_GT(histogram.percentile(1), std::chrono::hours(2));
  EXPECT_EQ(histogram.max(), std::chrono::hours(24));
}

TEST(Histogram, is_empty_at_first_and_after_clear) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), nanoseconds(0));
  histogram.add(nanoseconds(7));
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(0.99), nanoseconds(0));
}

}  // namespace
}  // namespace parley::bench
