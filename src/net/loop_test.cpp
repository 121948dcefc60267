#include "net/loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "net/timers.h"

namespace parley::net {
namespace {

using namespace std::chrono_literals;

TEST(Loop, runs_what_is_posted_in_order_and_what_came_before_stop) {
  Loop loop(0);
  std::vector<int> ran;
  std::thread poster([&] {
    for (int i = 0; i < 10'000; ++i) loop.post([&ran, i] { ran.push_back(i); });
    loop.stop();
  });
  loop.run();
  poster.join();
  ASSERT_EQ(ran.size(), 10'000U);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST(Loop, knows_its_own_thread) {
  Loop loop(3);
  EXPECT_FALSE(loop.runs_here());
  EXPECT_EQ(loop.index(), 3U);
  loop.post([&] {
    EXPECT_TRUE(loop.runs_here());
    EXPECT_EQ(Executor::current(), &loop);
    loop.assert_here();
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(Executor::current(), nullptr);
}

TEST(Loop, timers_run_in_the_order_of_their_times_unless_cancelled) {
  Loop loop(0);
  std::vector<int> ran;
  const auto start = std::chrono::steady_clock::now();
  loop.after(30ms, [&] {
    ran.push_back(30);
    loop.stop();
  });
  const auto never = loop.after(20ms, [&] { ran.push_back(20); });
  loop.post([&] {
    loop.after(10ms, [&] { ran.push_back(10); });
    loop.after(0ms, [&] { loop.cancel(never); });
  });
  loop.run();
  EXPECT_EQ(ran, (std::vector{10, 30}));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
  loop.cancel(never);
}

TEST(Loop, a_post_that_posts_for_ever_does_not_stop_timers) {
  Loop loop(0);
  std::function<void()> again = [&] { loop.post([&] { again(); }); };
  again();
  loop.after(5ms, [&] { loop.stop(); });
  loop.run();
}

TEST(Timers, forget_what_was_cancelled) {
  Timers timers;
  const Instant now{};
  for (int i = 0; i < 10'000; ++i) timers.cancel(timers.add(now + std::chrono::seconds(i), [] {}));
  EXPECT_EQ(timers.next(), std::nullopt);
  bool ran = false;
  timers.add(now + 1s, [&] { ran = true; });
  EXPECT_FALSE(timers.due(now));
  auto work = timers.due(now + 1s);
  ASSERT_TRUE(work);
  (*work)();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace parley::net
