#include "base/task.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/gate.h"

namespace parley {
namespace {

Task<int> seven() { co_return 7; }
Task<Result<int>> refused() { co_return Error{Code::forbidden, "no", {}}; }
Task<Result<int>> through(bool fails) {
  int base = co_await seven();
  if (!fails) co_return base;
  CO_TRY(value, co_await refused());
  co_return value;
}

TEST(Task, hands_its_value_to_who_awaits_it) {
  int got = 0;
  spawn(seven(), [&](int value) { got = value; });
  EXPECT_EQ(got, 7);
}

TEST(Task, an_error_goes_up_through_co_try) {
  Code code = Code::internal;
  spawn(through(true), [&](const Result<int>& result) { code = result.error().code; });
  EXPECT_EQ(code, Code::forbidden);
  int value = 0;
  spawn(through(false), [&](const Result<int>& result) { value = *result; });
  EXPECT_EQ(value, 7);
}

Task<int> waits_for(std::vector<std::move_only_function<void(int)>>& callers) {
  auto start = [&](auto done) { callers.emplace_back(std::move(done)); };
  co_return co_await called_back<int>(std::move(start));
}

TEST(Task, goes_on_when_it_is_called_back) {
  std::vector<std::move_only_function<void(int)>> callers;
  int got = 0;
  spawn(waits_for(callers), [&](int value) { got = value; });
  EXPECT_EQ(got, 0);
  callers.front()(5);
  EXPECT_EQ(got, 5);
}

// The shape that another compiler was seen to miscompile.
Task<bool> yes() { co_return true; }
Task<int> in_a_condition() {
  if (co_await yes()) co_return 1;
  co_return 2;
}

TEST(Task, may_stand_in_a_condition) {
  int got = 0;
  spawn(in_a_condition(), [&](int value) { got = value; });
  EXPECT_EQ(got, 1);
}

Task<void> wait(Gate& gate) { co_await gate.wait_empty(); }

TEST(Gate, is_empty_when_the_last_one_has_left) {
  Gate gate;
  bool empty = false;
  {
    auto one = gate.enter();
    spawn(wait(gate), [&] { empty = true; });
    EXPECT_TRUE(gate.closed());
    EXPECT_FALSE(empty);
  }
  EXPECT_TRUE(empty);
}

}  // namespace
}  // namespace parley
