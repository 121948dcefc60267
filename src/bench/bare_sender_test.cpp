#include "bench/bare_sender.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(BareSender, costs_something_but_not_much) {
  const auto cost = bare_sender_cost({.receivers = 10,
                                      .frames_per_send = 16,
                                      .frame_bytes = 300,
                                      .duration = std::chrono::milliseconds(50)});
  ASSERT_TRUE(cost) << cost.error().detail;
  EXPECT_GT(*cost, 0);
  EXPECT_LT(*cost, 1'000);
}

}  // namespace
}  // namespace parley::bench
