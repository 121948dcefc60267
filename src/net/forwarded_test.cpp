#include "net/forwarded.h"

#include <gtest/gtest.h>

namespace parley::net {
namespace {

class Forwarded : public testing::Test {
 protected:
  Forwarded() {
    for (const char* network : {"10.0.0.0/8", "fd00::/8", "127.0.0.1"})
      EXPECT_TRUE(proxies_.add(network));
  }
  [[nodiscard]] std::string of(std::string peer, const std::vector<std::string>& lists) const {
    Request request;
    request.peer_address = std::move(peer);
    request.headers.push_back({"Host", "192.0.2.99"});
    for (const std::string& list : lists) request.headers.push_back({"x-forwarded-for", list});
    return client_address(request, proxies_);
  }

 private:
  Networks proxies_;
};

TEST_F(Forwarded, is_believed_from_a_proxy_only) {
  EXPECT_EQ(of("10.0.0.1", {"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(of("192.0.2.7", {"192.0.2.1"}), "192.0.2.7");
  EXPECT_EQ(of("10.0.0.1", {}), "10.0.0.1");
}

TEST_F(Forwarded, the_right_most_that_is_no_proxy_wins) {
  EXPECT_EQ(of("10.0.0.1", {"198.51.100.9, 192.0.2.1, 10.0.0.2"}), "192.0.2.1");
  EXPECT_EQ(of("10.0.0.1", {"198.51.100.9, 192.0.2.1", "10.0.0.2,fd00::7"}), "192.0.2.1");
  EXPECT_EQ(of("127.0.0.1", {"10.1.1.1, 10.0.0.2"}), "10.1.1.1");  // all are known: the first
}

TEST_F(Forwarded, addresses_may_have_ports_and_be_of_either_kind) {
  EXPECT_EQ(of("10.0.0.1", {"192.0.2.1:4711"}), "192.0.2.1");
  EXPECT_EQ(of("fd00::1", {"2001:DB8:0::1"}), "2001:db8::1");
  EXPECT_EQ(of("10.0.0.1", {"[2001:db8::1]:4711"}), "2001:db8::1");
  EXPECT_EQ(of("10.0.0.1", {"[2001:db8::1]"}), "2001:db8::1");
  EXPECT_EQ(of("10.0.0.1", {"::ffff:192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(of("::ffff:10.0.0.1", {"192.0.2.1"}), "192.0.2.1");
}

TEST_F(Forwarded, what_is_no_address_is_not_believed_and_nothing_left_of_it) {
  for (const char* bad : {"unknown", "_hidden", "", " ", "192.0.2.256", "192.0.2", "1.2.3.4.5",
                          "fe80::1%eth0", "[2001:db8::1", "192.0.2.1 198.51.100.1", "\"192.0.2.1\"",
                          "192.0.2.1;for=198.51.100.1", "0x7f.1", "::1::", "192.0.2.1:x:y"}) {
    EXPECT_EQ(of("10.0.0.1", {bad}), "10.0.0.1") << bad;
    EXPECT_EQ(of("10.0.0.1", {"198.51.100.9," + std::string(bad)}), "10.0.0.1") << bad;
    EXPECT_EQ(of("10.0.0.1", {std::string(bad) + ", 192.0.2.1, 10.0.0.2"}), "192.0.2.1") << bad;
  }
  EXPECT_EQ(of("10.0.0.1", {std::string(15'000, ',')}), "10.0.0.1");
  EXPECT_EQ(of("10.0.0.1", {"192.0.2.1" + std::string(1'000, '0')}), "10.0.0.1");
}

}  // namespace
}  // namespace parley::net
