#include "net/networks.h"

#include <gtest/gtest.h>

namespace parley::net {
namespace {

TEST(Networks, networks_have_the_addresses_under_their_prefix) {
  Networks networks;
  EXPECT_FALSE(networks.contains("127.0.0.1"));
  ASSERT_TRUE(networks.add("127.0.0.1/32"));
  ASSERT_TRUE(networks.add("10.16.0.0/12"));
  ASSERT_TRUE(networks.add("fd00::/8"));
  for (const char* in : {"127.0.0.1", "::ffff:127.0.0.1", "10.16.0.1", "10.31.255.255", "fd12::1"})
    EXPECT_TRUE(networks.contains(in)) << in;
  for (const char* out : {"127.0.0.2", "10.32.0.1", "10.15.0.1", "fe80::1", "::1", "", "x"})
    EXPECT_FALSE(networks.contains(out)) << out;
}

TEST(Networks, what_is_no_network_is_refused) {
  Networks networks;
  for (const char* bad : {"", "x", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0/8"})
    EXPECT_FALSE(networks.add(bad)) << bad;
}

}  // namespace
}  // namespace parley::net
