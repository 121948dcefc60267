#include "bench/report.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace parley::bench {
namespace {

std::vector<Outcome> two_outcomes() {
  Outcome fanout("fanout", "w16");
  fanout.parameters = {{"window", 16}};
  fanout.add("deliveries_per_s", 1'234'567);
  Outcome idle("idle");
  idle.add("rss_kib_per_connection", 1.5);
  idle.failures = {"it broke"};
  return {fanout, idle};
}

TEST(Shown, has_about_three_digits) {
  EXPECT_EQ(shown(1'234'567.8), "1,234,568");
  EXPECT_EQ(shown(999), "999");
  EXPECT_EQ(shown(-1'000), "-1,000");
  EXPECT_EQ(shown(12.345), "12.3");
  EXPECT_EQ(shown(0.42), "0.42");
  EXPECT_EQ(shown(0.01234), "0.0123");
  EXPECT_EQ(shown(0), "0.00");
  EXPECT_EQ(shown_count(10), "10");
  EXPECT_EQ(shown_count(10'000), "10,000");
}

TEST(AsTable, has_a_column_for_each_outcome_and_a_row_for_each_figure) {
  const std::string table = as_table(two_outcomes());
  EXPECT_NE(table.find("fanout w16"), table.npos);
  EXPECT_NE(table.find("1,234,567"), table.npos);
  EXPECT_NE(table.find("rss_kib_per_connection"), table.npos);
  EXPECT_NE(table.find("yes"), table.npos);
}

TEST(AsJson, is_json_with_every_figure_and_failure) {
  Options options;
  options.label = "quotes \" and all";
  const std::string text = as_json(options, {2, "cpu", "Linux 6", 4}, two_outcomes());
  const auto whole = parse_json_object(text);
  ASSERT_TRUE(whole) << text;
  const auto outcomes = whole->objects("outcomes");
  ASSERT_TRUE(outcomes && *outcomes);
  ASSERT_EQ((*outcomes)->size(), 2U);
  EXPECT_EQ(*(**(*outcomes)->at(0).object("figures")).number("deliveries_per_s"), 1'234'567);
  EXPECT_EQ((**(*outcomes)->at(1).texts("failures")).at(0), "it broke");
}

}  // namespace
}  // namespace parley::bench
