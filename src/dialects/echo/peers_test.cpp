#include "dialects/echo/peers.h"

#include <gtest/gtest.h>

namespace parley::echo {
namespace {

TEST(Peers, networks_have_the_addresses_under_their_prefix) {
  Peers peers;
  EXPECT_FALSE(peers.contains("127.0.0.1"));
  ASSERT_TRUE(peers.add("127.0.0.1/32"));
  ASSERT_TRUE(peers.add("10.16.0.0/12"));
  ASSERT_TRUE(peers.add("fd00::/8"));
  for (const char* in : {"127.0.0.1", "::ffff:127.0.0.1", "10.16.0.1", "10.31.255.255", "fd12::1"})
    EXPECT_TRUE(peers.contains(in)) << in;
  for (const char* out : {"127.0.0.2", "10.32.0.1", "10.15.0.1", "fe80::1", "::1", "", "x"})
    EXPECT_FALSE(peers.contains(out)) << out;
}

TEST(Peers, what_is_no_network_is_refused) {
  Peers peers;
  for (const char* bad : {"", "x", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0/8"})
    EXPECT_FALSE(peers.add(bad)) << bad;
}

}  // namespace
}  // namespace parley::echo
