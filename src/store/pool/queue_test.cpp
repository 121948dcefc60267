#include "store/pool/queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <semaphore>
#include <thread>

namespace parley::store {
namespace {

using namespace std::chrono_literals;

// Who was woken for the first of a burst wakes the next: nothing waits behind what takes long while somebody sleeps.
TEST(Queue, who_sleeps_is_woken_for_what_another_leaves) {
  for (int round = 0; round < 200; ++round) {
    Queue<int> queue(10);
    std::counting_semaphore<> taken{0};
    std::latch all_taken(1);
    std::vector<std::thread> takers;
    for (int i = 0; i < 3; ++i)
      takers.emplace_back([&] {
        if (!queue.pop()) return;
        taken.release();
        all_taken.wait();
      });
    for (int i = 0; i < 3; ++i) queue.push(i);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(taken.try_acquire_for(30s));
    all_taken.count_down();
    for (std::thread& taker : takers) taker.join();
  }
}

TEST(Queue, many_givers_and_takers_lose_nothing) {
  constexpr int givers = 4, each = 20'000;
  Queue<int> queue(std::size_t{givers} * each);
  std::atomic<std::uint64_t> sum = 0, count = 0;
  std::vector<std::thread> takers, threads;
  for (int i = 0; i < 3; ++i)
    takers.emplace_back([&] {
      while (auto one = queue.pop()) {
        sum += static_cast<std::uint64_t>(one->item);
        ++count;
      }
    });
  for (int giver = 0; giver < givers; ++giver)
    threads.emplace_back([&] {
      for (int i = 1; i <= each; ++i) queue.push(i);
    });
  for (std::thread& thread : threads) thread.join();
  queue.close();
  for (std::thread& taker : takers) taker.join();
  EXPECT_EQ(count, std::uint64_t{givers} * each);
  EXPECT_EQ(sum, std::uint64_t{givers} * each * (each + 1) / 2);
}

TEST(Queue, takes_nothing_after_its_end) {
  Queue<int> queue(10);
  queue.push(1);
  queue.close();
  EXPECT_EQ(queue.push(2), 2);
  EXPECT_TRUE(queue.pop().has_value());
  EXPECT_FALSE(queue.pop().has_value());
}

}  // namespace
}  // namespace parley::store
