#include "app/config/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/config/options.h"

namespace parley::config {
namespace {

using testing::HasSubstr;

TEST(Help, shows_every_option_within_100_columns) {
  std::string help = help_text();
  for (const AnyOption* option : all_options())
    EXPECT_THAT(help, HasSubstr("  " + option->flag() + ' '));
  EXPECT_THAT(help, HasSubstr("--config FILE"));
  EXPECT_THAT(help, HasSubstr("Default: 2MiB. Must be 64KiB to 1GiB."));
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Help, says_the_same_on_every_machine) {
  EXPECT_EQ(find_option("loops")->default_text(), "one for each core");
}

TEST(Options, defaults_pass_their_own_checks) {
  for (const AnyOption* option : all_options()) {
    Settings settings = defaults();
    std::string text = option->show(settings);
    if (text.empty()) continue;  // not given
    EXPECT_THAT(option->set(settings, {text}), testing::IsEmpty()) << option->name();
    EXPECT_EQ(option->show(settings), text);
  }
}

TEST(Options, have_names_of_their_own) {
  std::vector<std::string> names{std::string(config_name)};
  for (const AnyOption* option : all_options()) names.emplace_back(option->name());
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(Options, variables_are_named_after_them) {
  EXPECT_EQ(find_option("queue-limit")->variable(), "PARLEY_QUEUE_LIMIT");
}

TEST(NearMiss, finds_what_was_meant_and_nothing_else) {
  EXPECT_EQ(near_miss("lisetn"), "listen");
  EXPECT_EQ(near_miss("log-levle"), "log-level");
  EXPECT_EQ(near_miss("cert"), "tls-cert");
  EXPECT_EQ(near_miss("zzzzzz"), "");
  EXPECT_EQ(near_miss(""), "");
  EXPECT_EQ(near_miss(std::string(10'000, 'a')), "");
}

// `parley serve --write-docs > docs/configuration.md` makes it so.
TEST(Docs, are_those_of_the_options) {
  auto path = std::filesystem::path(__FILE__).parent_path() / "../../../docs/configuration.md";
  std::ifstream file(path);
  std::string there(std::istreambuf_iterator<char>(file), {});
  std::ostringstream made;
  write_docs(made);
  EXPECT_TRUE(there == made.str()) << "docs/configuration.md is not what the options say";
}

}  // namespace
}  // namespace parley::config
