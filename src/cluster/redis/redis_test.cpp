#include "cluster/redis/redis.h"

#include "cluster/conformance/conformance.h"

namespace parley::cluster {
namespace {

const TransportKind kind{
    .name = "redis",
    .command =
        [](int port) {
          return std::vector<std::string>{
              "redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1",
              "--save",       "",       "--appendonly",       "no"};
        },
    .connect = [](int port) { return *make_redis("redis://127.0.0.1:" + std::to_string(port)); }};

INSTANTIATE_TEST_SUITE_P(Redis, TransportConformance, testing::Values(kind));

TEST(Redis, an_address_that_is_none_is_refused) {
  EXPECT_FALSE(make_redis(""));
  EXPECT_FALSE(make_redis("http://somewhere"));
}

}  // namespace
}  // namespace parley::cluster
