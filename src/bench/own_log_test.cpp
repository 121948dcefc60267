#include "bench/own_log.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(OwnLog, events_and_oks_together_are_every_seq_once) {
  OwnLog log(5);
  EXPECT_TRUE(log.event(5));
  EXPECT_TRUE(log.acknowledged(6));
  EXPECT_TRUE(log.event(8));  // 7 was its own, and the ok comes later
  EXPECT_FALSE(log.has_all(9));
  EXPECT_TRUE(log.acknowledged(7));
  EXPECT_TRUE(log.has_all(9));
  EXPECT_EQ(log.next(), 9U);
  EXPECT_FALSE(log.has_all(11));
  EXPECT_TRUE(log.acknowledged(10));
  EXPECT_TRUE(log.acknowledged(9));
  EXPECT_TRUE(log.has_all(11));
}

TEST(OwnLog, what_comes_twice_or_late_is_noticed) {
  OwnLog log(1);
  EXPECT_TRUE(log.event(3));
  EXPECT_FALSE(log.event(2));
  EXPECT_FALSE(log.event(3));
  EXPECT_FALSE(log.acknowledged(3));
  EXPECT_TRUE(log.acknowledged(4));
  EXPECT_FALSE(log.acknowledged(4));
}

TEST(OwnLog, a_message_of_nobody_is_missed) {
  OwnLog log(1);
  EXPECT_TRUE(log.event(2));
  EXPECT_FALSE(log.has_all(3));
}

TEST(OwnLog, after_a_resume_its_own_may_come_as_events) {
  OwnLog log(1);
  EXPECT_TRUE(log.acknowledged(1));
  EXPECT_TRUE(log.event(1));
  EXPECT_TRUE(log.event(2));
  EXPECT_TRUE(log.has_all(3));
}

}  // namespace
}  // namespace parley::bench
