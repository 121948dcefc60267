#include "bench/compare.h"

#include <gtest/gtest.h>

#include "bench/report.h"

namespace parley::bench {
namespace {

Kept kept(double p99_ms, double acks_per_s) {
  return {"", "", {{"durable w1", {{"ack_p99_ms", p99_ms}, {"acks_per_s", acks_per_s}}, 0}}};
}

TEST(Compare, reads_what_json_has_written) {
  Outcome outcome("durable", "w16");
  outcome.add("acks_per_s", 12.5);
  outcome.failures = {"it broke"};
  const auto read = parse_kept(as_json({}, {2, "cpu", "Linux", 4}, std::vector{outcome}));
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_EQ(read->outcomes.size(), 1U);
  EXPECT_EQ(read->outcomes[0].title, "durable w16");
  EXPECT_EQ(read->outcomes[0].figures[0].second, 12.5);
  EXPECT_EQ(read->outcomes[0].failures, 1U);
}

TEST(Compare, knows_what_is_better_by_the_name) {
  EXPECT_EQ(better_of("ack_p99_ms"), Better::lower);
  EXPECT_EQ(better_of("server_cpu_s_per_million"), Better::lower);
  EXPECT_EQ(better_of("rss_kib_per_connection"), Better::lower);
  EXPECT_EQ(better_of("quiet_server_cpu_per_s"), Better::lower);
  EXPECT_EQ(better_of("acks_per_s"), Better::higher);
  EXPECT_EQ(better_of("deliveries"), Better::neither);
  EXPECT_EQ(better_of("client_cpu_s_per_million"), Better::neither);
}

TEST(Compare, fails_only_above_what_is_allowed_and_in_the_bad_direction) {
  EXPECT_TRUE(compare(kept(10, 1000), kept(11, 950), 0.15).worse.empty());
  EXPECT_TRUE(compare(kept(10, 1000), kept(5, 3000), 0.15).worse.empty());
  EXPECT_EQ(compare(kept(10, 1000), kept(12, 1000), 0.15).worse.size(), 1U);
  EXPECT_EQ(compare(kept(10, 1000), kept(12, 500), 0.15).worse.size(), 2U);
  EXPECT_TRUE(compare(kept(10, 1000), kept(12, 500), std::nullopt).worse.empty());
}

TEST(Compare, what_is_missing_or_broken_has_failed) {
  Kept after = kept(10, 1000);
  after.outcomes[0].failures = 1;
  EXPECT_EQ(compare(kept(10, 1000), after, std::nullopt).worse.size(), 1U);
  after.outcomes[0] = {"idle", {}, 0};
  EXPECT_EQ(compare(kept(10, 1000), after, std::nullopt).worse.size(), 1U);
}

TEST(Compare, a_file_of_something_else_is_refused) {
  EXPECT_FALSE(parse_kept("[1, 2]"));
  EXPECT_FALSE(parse_kept(R"({"figures":{}})"));
}

}  // namespace
}  // namespace parley::bench
