#include "cluster/nats/nats.h"

#include "cluster/conformance/conformance.h"

namespace parley::cluster {
namespace {

const TransportKind kind{
    .name = "nats",
    .command =
        [](int port) {
          return std::vector<std::string>{"nats-server", "-a", "127.0.0.1", "-p",
                                          std::to_string(port)};
        },
    .connect = [](int port) { return *make_nats("nats://127.0.0.1:" + std::to_string(port)); }};

INSTANTIATE_TEST_SUITE_P(Nats, TransportConformance, testing::Values(kind));

TEST(Nats, an_address_that_is_none_is_refused) {
  EXPECT_FALSE(make_nats(""));
  EXPECT_FALSE(make_nats("nats://"));
  EXPECT_FALSE(make_nats("nats://a;"));
  EXPECT_TRUE(make_nats("nats://a:1;b:2"));
}

}  // namespace
}  // namespace parley::cluster
