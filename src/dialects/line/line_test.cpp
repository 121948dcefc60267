#include "dialects/line/line.h"

#include <gtest/gtest.h>

#include <map>

namespace parley::line {
namespace {

// Commands that end when the test says so.
struct Desk {
  Gate gate;
  std::vector<std::string> said;
  std::vector<std::string> begun;
  std::map<std::string, std::move_only_function<void(std::string)>> open;
  std::map<std::string, engine::Turn*> turns;
  Ref<Line> line =
      make_ref<Line>([this](const std::string& answer) { said.push_back(answer); }, gate);

  Task<std::string> run(std::string name, engine::Turn& turn) {
    begun.push_back(name);
    turns[name] = &turn;
    co_return co_await called_back<std::string>([&](auto done) { open[name] = std::move(done); });
  }
  Line::Command command(const std::string& name) {
    return [this, name](engine::Turn& turn) { return run(name, turn); };
  }
  void end(const std::string& name) { std::exchange(open[name], {})(name); }
};

using Names = std::vector<std::string>;

TEST(Line, one_that_is_alone_waits_for_all_and_all_wait_for_it) {
  Desk desk;
  desk.line->overlapping(desk.command("a"));
  desk.line->alone(desk.command("b"));
  desk.line->overlapping(desk.command("c"));
  desk.turns["a"]->pass();
  EXPECT_EQ(desk.begun, (Names{"a"}));
  desk.end("a");
  EXPECT_EQ(desk.begun, (Names{"a", "b"}));
  desk.turns["b"]->pass();
  EXPECT_EQ(desk.begun, (Names{"a", "b"}));
  desk.end("b");
  EXPECT_EQ(desk.begun, (Names{"a", "b", "c"}));
  desk.end("c");
  EXPECT_EQ(desk.said, (Names{"a", "b", "c"}));
}

TEST(Line, those_that_overlap_answer_in_their_order) {
  Desk desk;
  desk.line->overlapping(desk.command("a"));
  desk.line->overlapping(desk.command("b"));
  EXPECT_EQ(desk.begun, (Names{"a"}));
  desk.turns["a"]->pass();
  EXPECT_EQ(desk.begun, (Names{"a", "b"}));
  desk.end("b");
  EXPECT_TRUE(desk.said.empty());
  desk.end("a");
  EXPECT_EQ(desk.said, (Names{"a", "b"}));
}

TEST(Line, commands_that_end_at_once_do_not_nest) {
  Desk desk;
  for (int i = 0; i < 100'000; ++i)
    desk.line->alone([](engine::Turn&) -> Task<std::string> { co_return "x"; });
  EXPECT_EQ(desk.said.size(), 100'000U);
}

TEST(Line, a_closed_line_says_nothing_and_begins_nothing) {
  Desk desk;
  desk.line->alone(desk.command("a"));
  desk.line->alone(desk.command("b"));
  desk.line->close();
  desk.end("a");
  EXPECT_EQ(desk.begun, (Names{"a"}));
  EXPECT_TRUE(desk.said.empty());
}

}  // namespace
}  // namespace parley::line
