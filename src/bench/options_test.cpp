#include "bench/options.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

std::expected<Options, Stop> parse(std::vector<std::string_view> words) {
  return parse_options(words);
}

TEST(Options, defaults_run_every_workload_with_windows_1_and_16) {
  const auto options = parse({"--jwt-secret", "s"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->windows, (std::vector<unsigned>{1, 16}));
  EXPECT_EQ(options->workloads, (std::vector<std::string>{"fanout", "durable", "live", "idle"}));
  EXPECT_EQ(options->url, "ws://127.0.0.1:8080");
}

TEST(Options, are_read_with_their_repeats) {
  const auto options = parse({"--url", "ws://h:1", "--jwt-secret=s", "--pid", "12", "--pid", "34",
                              "--window", "4", "--seconds", "0.5", "durable", "idle"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->pids, (std::vector<int>{12, 34}));
  EXPECT_EQ(options->windows, std::vector<unsigned>{4});
  EXPECT_EQ(options->workloads, (std::vector<std::string>{"durable", "idle"}));
  EXPECT_EQ(options->seconds, 0.5);
}

TEST(Options, doors_are_names_with_urls) {
  const auto options =
      parse({"--jwt-secret=s", "--door", "dinq=ws://h:1", "--door=pulse=ws://h:2", "doors"});
  ASSERT_TRUE(options) << options.error().text;
  ASSERT_EQ(options->doors.size(), 2U);
  EXPECT_EQ(options->doors[1].door, "pulse");
  EXPECT_EQ(options->doors[1].url, "ws://h:2");
}

TEST(Options, help_is_not_a_failure) {
  const auto options = parse({"--help"});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().exit_code, 0);
  EXPECT_NE(options.error().text.find("fanout"), std::string::npos);
}

TEST(Options, that_make_no_sense_are_refused) {
  using Words = std::vector<std::string_view>;
  for (const Words& words :
       {Words{"--jwt-secret", "s", "fly"}, Words{"--jwt-secret", "s", "--window", "0"},
        Words{"--jwt-secret", "s", "--pid", "-4"}, Words{"--jwt-secret", "s", "--seconds", "soon"},
        Words{"--jwt-secret", "s", "--receivers", "0"},
        Words{"--jwt-secret", "s", "--door", "fax=ws://h:1"}, Words{"--no-such-option"}}) {
    const auto options = parse(words);
    ASSERT_FALSE(options) << words.back();
    EXPECT_EQ(options.error().exit_code, 2);
    EXPECT_FALSE(options.error().text.empty());
  }
}

TEST(Options, the_kept_command_line_is_without_the_secret) {
  EXPECT_EQ(parse({"--jwt-secret", "hush", "idle"})->command_line,
            "parley bench --jwt-secret *** idle");
  EXPECT_EQ(parse({"--jwt-secret=hush", "idle"})->command_line,
            "parley bench --jwt-secret=*** idle");
}

}  // namespace
}  // namespace parley::bench
