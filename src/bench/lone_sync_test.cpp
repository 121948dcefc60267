#include "bench/lone_sync.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace parley::bench {
namespace {

TEST(LoneSync, takes_its_time_and_leaves_nothing) {
  const auto folder = std::filesystem::temp_directory_path() / "parley-lone-sync-test";
  std::filesystem::create_directories(folder);
  const auto took = lone_syncs(folder.string(), 10'000, 5);
  ASSERT_TRUE(took.has_value());
  EXPECT_EQ(took->count(), 5U);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove(folder);
}

TEST(LoneSync, says_where_it_can_not_write) {
  const auto took = lone_syncs("/nowhere/at/all", 10, 5);
  ASSERT_FALSE(took.has_value());
  EXPECT_NE(took.error().detail.find("/nowhere/at/all"), std::string::npos);
}

}  // namespace
}  // namespace parley::bench
