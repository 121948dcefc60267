#include "store/pool/inbox.h"

#include <gmock/gmock.h>

#include <thread>

namespace parley::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::chrono::steady_clock::time_point in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

TEST(Inbox, all_is_taken_at_once_and_what_did_not_fit_apart) {
  Inbox<int> inbox(2);
  for (int i = 1; i <= 4; ++i) inbox.put(i);
  Inbox<int>::Taken taken;
  inbox.take_all(taken);
  EXPECT_THAT(taken.items, ElementsAre(1, 2));
  EXPECT_THAT(taken.dropped, ElementsAre(3, 4));
  inbox.put(5);
  inbox.take_all(taken);
  EXPECT_THAT(taken.items, ElementsAre(5));
  EXPECT_THAT(taken.dropped, IsEmpty());
}

TEST(Inbox, many_givers_lose_nothing_and_keep_their_order) {
  constexpr int givers = 4, each = 20'000;
  Inbox<std::pair<int, int>> inbox(std::size_t{givers} * each);
  std::vector<std::thread> threads;
  for (int giver = 0; giver < givers; ++giver)
    threads.emplace_back([&inbox, giver] {
      for (int i = 0; i < each; ++i) inbox.put({giver, i});
    });
  std::vector<int> next(givers, 0);
  Inbox<std::pair<int, int>>::Taken taken;
  for (int count = 0; count < givers * each; count += static_cast<int>(taken.items.size())) {
    inbox.await();
    inbox.gather(50, in(1ms));
    inbox.take_all(taken);
    for (const auto& [giver, i] : taken.items)
      ASSERT_EQ(i, next[static_cast<std::size_t>(giver)]++);
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Inbox, who_gathers_goes_on_when_so_many_are_there_or_it_is_time) {
  Inbox<int> inbox(10);
  EXPECT_FALSE(inbox.await_for(1ms));
  inbox.put(1);
  EXPECT_TRUE(inbox.await_for(1ms));
  EXPECT_FALSE(inbox.gather(3, in(1ms)));
  std::thread giver([&inbox] {
    inbox.put(2);
    inbox.put(3);
  });
  EXPECT_TRUE(inbox.gather(3, in(1h)));
  giver.join();
}

TEST(Inbox, nobody_waits_for_what_will_not_come) {
  Inbox<int> inbox(10);
  inbox.close();
  EXPECT_EQ(inbox.put(1), 1);
  inbox.await();
  EXPECT_TRUE(inbox.gather(3, in(1h)));
}

}  // namespace
}  // namespace parley::store
