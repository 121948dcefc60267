#include "bench/ledger.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(Ledger, is_intact_while_each_reader_gets_each_seq_once_in_order) {
  Ledger ledger;
  ledger.add_reader(3);
  ledger.add_reader(8);
  EXPECT_TRUE(ledger.arrived(0, 3));
  EXPECT_TRUE(ledger.arrived(1, 8));
  EXPECT_TRUE(ledger.arrived(0, 4));
  EXPECT_TRUE(ledger.intact());
}

TEST(Ledger, notices_what_comes_twice) {
  Ledger ledger;
  ledger.add_reader(3);
  EXPECT_TRUE(ledger.arrived(0, 3));
  EXPECT_FALSE(ledger.arrived(0, 3));
  EXPECT_FALSE(ledger.intact());
}

TEST(Ledger, names_what_was_left_out_and_goes_on_behind_it) {
  Ledger ledger;
  ledger.add_reader(3);
  EXPECT_FALSE(ledger.arrived(0, 6));
  ASSERT_EQ(ledger.failures().size(), 1U);
  EXPECT_NE(ledger.failures()[0].find("3 to 5"), std::string::npos);
  EXPECT_TRUE(ledger.arrived(0, 7));
}

TEST(Ledger, keeps_only_the_first_failures) {
  Ledger ledger;
  ledger.add_reader(1);
  for (std::uint64_t seq = 2; seq < 1'000; seq += 2) EXPECT_FALSE(ledger.arrived(0, seq));
  EXPECT_LE(ledger.failures().size(), 10U);
}

}  // namespace
}  // namespace parley::bench
