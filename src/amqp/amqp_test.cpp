#include "amqp/amqp.h"

#include <gtest/gtest.h>

namespace parley::amqp {
namespace {

TEST(Address, has_all_parts_of_the_url) {
  const auto address = parse_address("amqp://anna:s%40fe@broker:5673/place");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->user, "anna");
  EXPECT_EQ(address->password, "s@fe");
  EXPECT_EQ(address->host, "broker");
  EXPECT_EQ(address->port, 5673);
  EXPECT_EQ(address->vhost, "place");
}

TEST(Address, has_the_usual_ones_where_the_url_has_none) {
  const auto address = parse_address("amqp://localhost");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->port, 5672);
  EXPECT_EQ(address->vhost, "/");
  EXPECT_EQ(parse_address("amqp://guest:guest@localhost:5672/")->vhost, "/");
}

TEST(Address, what_is_none_is_refused) {
  EXPECT_FALSE(parse_address("http://localhost"));
  EXPECT_FALSE(parse_address("amqp://localhost:port/"));
  EXPECT_FALSE(parse_address("amqps://localhost"));
}

TEST(Connect, nobody_there_is_an_error_and_no_wait) {
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(connect({"guest", "guest", "127.0.0.1", "/", 1}, std::chrono::seconds{0}));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{3});
}

}  // namespace
}  // namespace parley::amqp
