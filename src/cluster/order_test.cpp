#include "cluster/order.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace parley::cluster {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant now{};
constexpr milliseconds patience{20};

hub::News event_at(std::uint64_t at, std::uint32_t lane = 0) {
  auto event = std::make_shared<Event>();
  event->position = {lane, at};
  return {{lane, at}, event, std::nullopt};
}

// Of interest is everything, or nothing until ben has joined.
struct Ears final : Hearing {
  explicit Ears(bool all = true) : hears_all(all) {}
  [[nodiscard]] bool hears_of(const ConversationId& /*conversation*/) const override {
    return hears_all;
  }
  void joined(const ConversationId& /*conversation*/, const std::vector<UserId>& users) override {
    hears_all = hears_all || std::ranges::find(users, UserId{"ben"}) != users.end();
  }
  bool hears_all;
};

Cursor head_at(std::vector<std::uint64_t> lanes) { return {.store = 1, .lanes = std::move(lanes)}; }

std::vector<std::uint64_t> positions(const std::vector<hub::News>& news) {
  std::vector<std::uint64_t> all;
  for (const hub::News& one : news) all.push_back(one.at.at);
  return all;
}

TEST(Order, what_comes_in_order_is_handed_on_at_once) {
  Ears ears;
  Order order(head_at({5}), ears);
  order.have(event_at(6), now);
  order.have(event_at(7), now);
  order.have(event_at(8), now);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(6, 7, 8));
  EXPECT_FALSE(order.waits());
}

TEST(Order, what_comes_early_waits_for_what_is_before_it) {
  Ears ears;
  Order order(head_at({0}), ears);
  order.have(event_at(2), now);
  EXPECT_THAT(order.take_ready(), IsEmpty());
  EXPECT_TRUE(order.waits());
  order.have(event_at(1), now);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(1, 2));
}

TEST(Order, a_position_whose_content_is_awaited_is_not_handed_on_without_it) {
  Ears ears;
  Order order(head_at({0}), ears);
  order.filled({0, 1}, {}, now);
  order.have(event_at(2), now);
  EXPECT_THAT(order.take_ready(), IsEmpty());
  order.have(event_at(1), now);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(1, 2));
}

TEST(Order, what_is_of_no_interest_is_passed_over_until_somebody_has_joined) {
  Ears ears(false);
  Order order(head_at({0}), ears);
  // The joining comes last, and what follows it in the lane waits for it.
  order.filled({0, 3}, {}, now);
  order.filled({0, 1}, {}, now);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(1));
  auto joining = std::make_shared<Event>();
  joining->joined = {{"ben"}};
  order.have({{0, 2}, joining, std::nullopt}, now);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(2));
  order.have(event_at(3), now);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(3));
}

TEST(Order, what_was_handed_on_is_not_handed_on_again) {
  Ears ears;
  Order order(head_at({0}), ears);
  order.have(event_at(1), now);
  (void)order.take_ready();
  order.have(event_at(1), now);
  order.filled({0, 1}, {}, now);
  EXPECT_THAT(order.take_ready(), IsEmpty());
  EXPECT_FALSE(order.waits());
}

TEST(Order, a_gap_is_named_when_it_has_lasted) {
  Ears ears;
  Order order(head_at({0, 0}), ears);
  order.have(event_at(2, 1), now);
  EXPECT_THAT(order.behind(now + patience / 2, patience), IsEmpty());
  const auto behind = order.behind(now + patience, patience);
  ASSERT_EQ(behind.size(), 1U);
  EXPECT_EQ(behind[0].lane, 1U);
  EXPECT_EQ(behind[0].after, 0U);
}

TEST(Order, the_log_fills_a_gap_and_what_it_does_not_name_concerns_nobody) {
  Ears ears;
  Order order(head_at({0}), ears);
  order.have(event_at(4), now);
  std::vector<hub::News> from_the_log;
  from_the_log.push_back(event_at(2));
  order.read(0, 3, std::move(from_the_log), now);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(2, 3, 4));
  EXPECT_FALSE(order.waits());
}

// Read from the log, it would come to the connection that has caused it.
TEST(Order, what_is_committed_here_waits_for_its_committer) {
  Ears ears;
  Order order(head_at({0}), ears);
  order.have(event_at(4), now);
  const auto third = [](const Event& event) { return event.position.at == 3; };
  auto the_log = [] {
    std::vector<hub::News> all;
    for (std::uint64_t at = 1; at <= 3; ++at) all.push_back(event_at(at));
    return all;
  };
  EXPECT_EQ(order.read(0, 3, the_log(), now, {event_at(103)}, third), 2U);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(1, 2));
  EXPECT_TRUE(order.waits());
  const hub::News told = event_at(3);
  order.have(told, now);
  const auto ready = order.take_ready();
  EXPECT_THAT(positions(ready), ElementsAre(3, 4, 103));  // and what comes behind all of that
  EXPECT_EQ(ready[0].event, told.event);
}

TEST(Order, what_the_committer_says_is_preferred_to_the_log) {
  Ears ears;
  Order order(head_at({0}), ears);
  const hub::News told = event_at(2);
  order.have(told, now);
  std::vector<hub::News> from_the_log;
  from_the_log.push_back(event_at(1));
  from_the_log.push_back(event_at(2));
  order.read(0, 2, std::move(from_the_log), now);
  const auto ready = order.take_ready();
  ASSERT_EQ(ready.size(), 2U);
  EXPECT_EQ(ready[1].event, told.event);
}

TEST(Order, a_last_notice_that_was_lost_is_found_by_the_second_look_at_the_head) {
  Ears ears;
  Order order(head_at({0}), ears);
  order.head(head_at({1}));
  EXPECT_FALSE(order.waits());
  order.head(head_at({1}));
  EXPECT_TRUE(order.waits());
  EXPECT_EQ(order.behind(now, patience).size(), 1U);
  order.read(0, 1, {}, now);
  EXPECT_FALSE(order.waits());
}

TEST(Order, lanes_do_not_wait_for_each_other) {
  Ears ears;
  Order order(head_at({0, 0}), ears);
  order.have(event_at(2, 0), now);
  order.have(event_at(1, 1), now);
  EXPECT_THAT(positions(order.take_ready()), ElementsAre(1));
}

// Notices lost, repeated and in any order; the log read whenever something is missing for long.
TEST(Order, whatever_happens_to_the_notices_everything_is_handed_on_once_and_in_order) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t last = 1 + random() % 60;
    std::vector<std::uint64_t> notices;
    for (std::uint64_t at = 1; at <= last; ++at)
      for (std::uint32_t copies = random() % 3; copies > 0; --copies) notices.push_back(at);
    std::ranges::shuffle(notices, random);
    Ears ears;
    Order order(head_at({0}), ears);
    std::vector<std::uint64_t> handed_on;
    auto take = [&] {
      for (const hub::News& one : order.take_ready())
        if (one.event) handed_on.push_back(one.at.at);
    };
    auto fill = [&](std::uint64_t upto) {
      for (const auto& gap : order.behind(now + patience, patience)) {
        std::vector<hub::News> from_the_log;
        for (std::uint64_t at = gap.after + 1; at <= upto; ++at)
          from_the_log.push_back(event_at(at));
        order.read(gap.lane, upto, std::move(from_the_log), now);
      }
      take();
    };
    for (std::uint64_t at : notices) {
      if (random() % 2 == 0) order.filled({0, at}, {}, now);
      if (random() % 3 != 0) order.have(event_at(at), now);
      take();
      if (random() % 8 == 0) fill(std::max<std::uint64_t>(at, 1));
    }
    order.head(head_at({last}));
    order.head(head_at({last}));
    fill(last);
    std::vector<std::uint64_t> all(last);
    std::ranges::generate(all, [next = std::uint64_t{0}]() mutable { return ++next; });
    ASSERT_EQ(handed_on, all) << "round " << round;
  }
}

}  // namespace
}  // namespace parley::cluster
