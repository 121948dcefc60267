#include "base/rate_limit.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

using std::chrono::milliseconds;

TEST(RateLimit, a_burst_and_then_so_many_a_second) {
  RateLimiter limiter({.per_second = 10, .burst = 5});
  Instant now{};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.take("anna", now).allowed);
  auto refused = limiter.take("anna", now);
  EXPECT_FALSE(refused.allowed);
  EXPECT_GT(refused.until_next, milliseconds{90});
  EXPECT_LE(refused.until_next, milliseconds{101});
  EXPECT_TRUE(limiter.take("anna", now + milliseconds{101}).allowed);
  EXPECT_FALSE(limiter.take("anna", now + milliseconds{102}).allowed);
}

TEST(RateLimit, one_user_never_touches_another) {
  RateLimiter limiter({.per_second = 1, .burst = 1});
  Instant now{};
  EXPECT_TRUE(limiter.take("anna", now).allowed);
  EXPECT_FALSE(limiter.take("anna", now).allowed);
  EXPECT_TRUE(limiter.take("ben", now).allowed);
}

TEST(RateLimit, off_allows_everything_and_says_no_limit) {
  RateLimiter limiter({.per_second = 0, .burst = 0});
  auto verdict = limiter.take("anna", Instant{});
  EXPECT_TRUE(verdict.allowed);
  EXPECT_EQ(verdict.limit, 0);
}

}  // namespace
}  // namespace parley
