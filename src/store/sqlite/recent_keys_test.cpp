#include "store/sqlite/recent_keys.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>

#include "store/sqlite/rows.h"
#include "store/sqlite/schema.h"

namespace parley::store::sqlite {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "parley-keys-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file() const { return path_ + "/parley.db"; }

 private:
  std::string path_;
};

class RecentKeysTest : public testing::Test {
 protected:
  RecentKeysTest() { open(); }

  // As after the end of the process, at whatever point it was.
  void open() {
    keys_.reset();
    database_ = *Database::open(folder_.file(), Database::Mode::writing);
    ASSERT_TRUE(migrate(*database_).has_value());
    keys_.emplace(*database_);
    ASSERT_TRUE(keys_->load().has_value());
  }

  // A transaction with so many keys, which is kept or not.
  void put(std::size_t count, bool kept) {
    ASSERT_TRUE(database_->execute("BEGIN IMMEDIATE").has_value());
    std::vector<std::uint64_t> numbers;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t number = random_();
      OnceRow row;
      row.key.who = who(number);
      row.key.key = std::to_string(number);
      row.record.fingerprint = number;
      row.record.seq = Seq{number % 1'000};
      ASSERT_TRUE(keys_->put(row).has_value());
      numbers.push_back(number);
    }
    ASSERT_TRUE(keys_->tidy().has_value());
    ASSERT_TRUE(database_->execute(kept ? "COMMIT" : "ROLLBACK").has_value());
    kept ? keys_->committed() : keys_->undone();
    (kept ? there_ : not_there_).insert(numbers.begin(), numbers.end());
  }

  [[nodiscard]] static UserId who(std::uint64_t number) {
    return {"user" + std::to_string(number % 50)};
  }
  // As the writer looks, and as a reader does.
  [[nodiscard]] bool knows(std::uint64_t number) {
    const std::string key = std::to_string(number);
    const auto moved = *find_once(*database_, who(number), key);
    const auto recent = keys_->find(who(number), key);
    const auto read = *find_recent_once(*database_, who(number), key);
    EXPECT_EQ(recent.has_value() || moved.has_value(), read.has_value() || moved.has_value());
    for (const auto& found : {moved, recent, read})
      if (found) EXPECT_EQ(found->fingerprint, number);
    return recent || moved;
  }
  void expect_all_known() {
    for (const std::uint64_t number : there_) ASSERT_TRUE(knows(number)) << number;
    for (const std::uint64_t number : not_there_) ASSERT_FALSE(knows(number)) << number;
  }
  [[nodiscard]] std::uint64_t rows_of(std::string_view sql) {
    auto rows = database_->use(sql);
    EXPECT_TRUE(*rows.step());
    return rows.count();
  }
  [[nodiscard]] std::uint64_t not_moved() { return rows_of("SELECT count(*) FROM once_recent"); }
  [[nodiscard]] std::uint64_t moved() { return rows_of("SELECT count(*) FROM once"); }

  Folder folder_;
  std::unique_ptr<Database> database_;
  std::optional<RecentKeys> keys_;
  std::mt19937_64 random_{7};
  std::set<std::uint64_t> there_, not_there_;
};

TEST_F(RecentKeysTest, a_few_stay_where_they_are) {
  for (int i = 0; i < 10; ++i) put(3, true);
  EXPECT_EQ(not_moved(), 30U);
  EXPECT_EQ(moved(), 0U);
  expect_all_known();
}

TEST_F(RecentKeysTest, what_was_undone_is_not_known) {
  put(3, false);
  put(2, true);
  put(3, false);
  expect_all_known();
  open();
  expect_all_known();
}

// However they come, each is known at every moment, also after the end of the process in the midst of moving.
TEST_F(RecentKeysTest, all_are_moved_and_known_all_the_time) {
  std::uniform_int_distribution<std::size_t> few(1, 20), many(500, 1'500);
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 15; ++i) put(round % 10 == 0 ? many(random_) : few(random_), i % 5 != 4);
    if (round % 7 == 6) open();
    const std::uint64_t some = *std::next(there_.begin(), round);
    ASSERT_TRUE(knows(some));
    ASSERT_LE(not_moved(), 4 * RecentKeys::gathered);
  }
  EXPECT_GT(moved(), there_.size() / 2);
  database_->execute("CREATE INDEX for_this_test ON once_recent (user_id, key)").value();
  expect_all_known();
}

TEST_F(RecentKeysTest, what_was_moved_is_removed) {
  while (there_.size() < 3 * RecentKeys::gathered) put(64, true);
  EXPECT_GE(moved(), RecentKeys::gathered);
  EXPECT_LT(not_moved(), 2 * RecentKeys::gathered);
}

}  // namespace
}  // namespace parley::store::sqlite
