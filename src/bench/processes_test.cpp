#include "bench/processes.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace parley::bench {
namespace {

TEST(ParseStat, sums_user_and_system_of_a_process_and_of_its_ended_children) {
  const auto stat = parse_stat(
      "7 (a (b) c) S 3 7 7 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 5 0 12345 1000 200 1844");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, 3);
  EXPECT_EQ(stat->ticks, 127U);
  EXPECT_FALSE(parse_stat(""));
  EXPECT_FALSE(parse_stat("7 (short) S 3"));
}

TEST(ParseSmapsRollup, reads_rss_and_pss) {
  const auto memory = parse_smaps_rollup(
      "5581-7ffe ---p 00000000 00:00 0   [rollup]\nRss:   1234 kB\nPss:   999 kB\nPss_Dirty: 5 "
      "kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->rss_kib, 1234);
  EXPECT_EQ(memory->pss_kib, 999);
  EXPECT_FALSE(parse_smaps_rollup("Rss: 5 kB"));
  EXPECT_FALSE(parse_smaps_rollup(""));
}

TEST(Processes, counts_this_process_while_it_works) {
  const Processes self({::getpid()});
  const auto before = self.cpu();
  ASSERT_TRUE(before);
  const double until = own_cpu_seconds() + 0.05;
  while (own_cpu_seconds() < until) {
  }
  const auto after = self.cpu();
  ASSERT_TRUE(after);
  EXPECT_GE((*after - *before).server, 0.02);
  ASSERT_TRUE(self.memory());
  EXPECT_GT(self.memory()->rss_kib, 100);
}

TEST(Processes, one_that_is_not_there_is_an_error_that_names_it) {
  const auto cpu = Processes({::getpid(), 2'000'000'000}).cpu();
  ASSERT_FALSE(cpu);
  EXPECT_NE(cpu.error().detail.find("2000000000"), std::string::npos);
}

}  // namespace
}  // namespace parley::bench
