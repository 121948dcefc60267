#include "dialects/rtchat/channel.h"

#include <gtest/gtest.h>

#include <set>

namespace parley::rtchat {
namespace {

TEST(Channel, blanks_order_and_repeats_make_no_other_channel) {
  const auto channel = normal_form({"bob", " alice\t", "bob"});
  ASSERT_TRUE(channel);
  EXPECT_EQ(*channel, (Participants{{"alice"}, {"bob"}}));
  EXPECT_EQ(channel_id(*channel), channel_id(*normal_form({"alice", "bob"})));
}

TEST(Channel, nothing_else_is_folded) {
  std::set<ConversationId> ids;
  for (const auto& named : std::vector<std::vector<std::string_view>>{
           {"bob"}, {"Bob"}, {"\u00e9"}, {"e\u0301"}, {"a", "b"}, {"ab"}, {"a b"}, {"a", "b", "c"}})
    ids.insert(channel_id(*normal_form(named)));
  EXPECT_EQ(ids.size(), 8U);
}

TEST(Channel, what_is_no_set_of_ids_is_refused) {
  const std::string long_one(129, 'x');
  EXPECT_FALSE(normal_form({}));
  EXPECT_FALSE(normal_form({"a", ""}));
  EXPECT_FALSE(normal_form({"a", "  "}));
  EXPECT_FALSE(normal_form({long_one}));
  EXPECT_FALSE(normal_form({std::string_view("a\0b", 3)}));
  std::vector<std::string> many;
  for (int i = 0; i < 1001; ++i) many.push_back(std::to_string(i));
  std::vector<std::string_view> views(many.begin(), many.end());
  EXPECT_FALSE(normal_form(views));
  views.pop_back();
  EXPECT_TRUE(normal_form(views));
}

}  // namespace
}  // namespace parley::rtchat
