#include "dialects/pulse/wire.h"

#include <gtest/gtest.h>

#include "dialects/pulse/call.h"

namespace parley::pulse {
namespace {

Page page(std::string_view query) {
  net::Request request;
  request.query = net::Query(query);
  return page_of(request);
}

TEST(Pulse, ids_are_24_small_hex_digits) {
  EXPECT_TRUE(read_id("6b00be167ae39e36ec41e2c2"));
  for (const char* none : {"", "6b00be167ae39e36ec41e2c", "6B00BE167AE39E36EC41E2C2",
                           "6b00be16-7ae3-8e36-8c41-e2c200000000", "6b00be167ae39e36ec41e2cg"})
    EXPECT_FALSE(read_id(none)) << none;
}

TEST(Pulse, a_page_of_junk_is_the_default_one) {
  EXPECT_EQ(page("").limit, 50U);
  EXPECT_EQ(page("limit=100").limit, 100U);
  EXPECT_EQ(page("limit=101").limit, 50U);  // not cut to 100
  EXPECT_EQ(page("limit=-1&offset=x").limit, 50U);
  EXPECT_EQ(page("offset=-5").offset, 0U);
  EXPECT_EQ(page("offset=7&page=3").offset, 7U);
  EXPECT_EQ(page("page=3&limit=10").offset, 20U);
  EXPECT_EQ(page("page=18446744073709551615&limit=10").offset, SIZE_MAX);
}

TEST(Pulse, other_ways_of_being_there_are_away) {
  EXPECT_EQ(status_here("online"), "online");
  EXPECT_EQ(status_here("offline"), "offline");
  EXPECT_EQ(status_here("busy"), "away");
}

}  // namespace
}  // namespace parley::pulse
