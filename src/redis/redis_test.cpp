#include "redis/redis.h"

#include <gtest/gtest.h>

#include <semaphore>

namespace parley::redis {
namespace {

TEST(Redis, an_address_has_all_that_a_url_can_say) {
  const auto full = parse_address("redis://me:p%40ss@cache:7000/3");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->host, "cache");
  EXPECT_EQ(full->port, 7000);
  EXPECT_EQ(full->database, 3);
  EXPECT_EQ(full->user, "me");
  EXPECT_EQ(full->password, "p@ss");
  const auto only_password = parse_address("redis://:secret@cache");
  ASSERT_TRUE(only_password);
  EXPECT_EQ(only_password->user, "");
  EXPECT_EQ(only_password->password, "secret");
  EXPECT_EQ(only_password->port, 6379);
  EXPECT_EQ(parse_address("cache:1")->port, 1);
  for (const char* none :
       {"", "redis://", "http://x", "redis://x:port", "redis://x:1/y", "x:70000"})
    EXPECT_FALSE(parse_address(none)) << none;
}

TEST(Redis, nobody_waits_for_one_that_is_away) {
  Redis redis({.host = "127.0.0.1", .port = 1, .database = 0, .user = {}, .password = {}});
  std::binary_semaphore answered{0};
  bool done = true;
  spawn(redis.told({{"PING"}}), [&](bool told) {
    done = told;
    answered.release();
  });
  ASSERT_TRUE(answered.try_acquire_for(std::chrono::seconds{5}));
  EXPECT_FALSE(done);
  EXPECT_FALSE(redis.up());
}

}  // namespace
}  // namespace parley::redis
