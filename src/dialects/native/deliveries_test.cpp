#include "dialects/native/deliveries.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "base/virtual_time.h"

namespace parley::native {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ConversationId place(std::uint8_t number) {
  ConversationId id;
  id.bytes[0] = number;
  return id;
}

class DeliveriesTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Deliveries> connection() {
    return std::make_unique<Deliveries>(
        time_, time_, random_,
        [this](const ConversationId& where, Seq upto, std::vector<UserId> authors) {
          told_[where].push_back(upto.value);
          authors_ = std::move(authors);
        });
  }
  [[nodiscard]] static Event said(std::uint8_t where, std::uint64_t seq, std::uint32_t members,
                                  const char* author = "anna") {
    Event event;
    event.conversation = place(where);
    event.seq = Seq{seq};
    event.members_count = members;
    event.actor = {author};
    return event;
  }
  std::vector<std::uint64_t>& told(std::uint8_t number) { return told_[place(number)]; }

  VirtualTime time_;
  SeededRandom random_{7};
  std::map<ConversationId, std::vector<std::uint64_t>> told_;
  std::vector<UserId> authors_;  // named last
};

TEST_F(DeliveriesTest, what_comes_together_is_told_once_and_soon) {
  const auto deliveries = connection();
  for (std::uint64_t seq = 1; seq <= 9; ++seq) deliveries->took(said(1, seq, 2));
  deliveries->took(said(2, 4, 100));
  EXPECT_TRUE(told_.empty());
  time_.run_for(milliseconds{50});
  EXPECT_EQ(told(1), std::vector<std::uint64_t>{9});
  EXPECT_EQ(told(2), std::vector<std::uint64_t>{4});
}

TEST_F(DeliveriesTest, never_more_than_once_a_second_in_a_conversation) {
  const auto deliveries = connection();
  for (std::uint64_t seq = 1; seq <= 500; ++seq) {
    deliveries->took(said(1, seq, 2));
    time_.run_for(milliseconds{10});
  }
  EXPECT_GE(told(1).size(), 4U);
  EXPECT_LE(told(1).size(), 5U);
  time_.run_for(seconds{1});
  EXPECT_EQ(told(1).back(), 500U);
  deliveries->took(said(2, 1, 2));
  time_.run_for(milliseconds{50});
  EXPECT_EQ(told(2).size(), 1U);  // another one waits for nobody
}

TEST_F(DeliveriesTest, members_of_a_large_conversation_spread_over_time) {
  std::vector<std::unique_ptr<Deliveries>> all;
  for (int i = 0; i < 1'000; ++i) all.push_back(connection());
  for (const auto& one : all) one->took(said(1, 3, 1'000));
  std::size_t most = 0, before = 0;
  for (int i = 0; i < 10; ++i) {
    time_.run_for(seconds{1});
    most = std::max(most, told(1).size() - before);
    before = told(1).size();
  }
  EXPECT_EQ(before, 1'000U);
  EXPECT_LT(most, 300U);
}

TEST_F(DeliveriesTest, in_a_large_conversation_the_authors_are_named_once_each) {
  const auto deliveries = connection();
  for (std::uint64_t seq = 1; seq <= 6; ++seq)
    deliveries->took(said(1, seq, 101, seq % 2 == 0 ? "anna" : "ben"));
  deliveries->tell_all();
  EXPECT_EQ(authors_, (std::vector<UserId>{{"ben"}, {"anna"}}));
  deliveries->took(said(1, 7, 101, "cleo"));
  deliveries->tell_all();
  EXPECT_EQ(authors_, std::vector<UserId>{{"cleo"}});
  deliveries->took(said(2, 1, 100));
  deliveries->tell_all();
  EXPECT_TRUE(authors_.empty());
}

TEST_F(DeliveriesTest, who_goes_tells_what_is_left) {
  auto deliveries = connection();
  deliveries->took(said(1, 3, 50'000));
  deliveries->took(said(2, 5, 2));
  deliveries->tell_all();
  EXPECT_EQ(told(1), std::vector<std::uint64_t>{3});
  EXPECT_EQ(told(2), std::vector<std::uint64_t>{5});
  deliveries.reset();
  time_.run_for(seconds{1'000});
  EXPECT_EQ(told(1).size() + told(2).size(), 2U);
}

}  // namespace
}  // namespace parley::native
