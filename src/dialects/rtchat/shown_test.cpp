#include "dialects/rtchat/shown.h"

#include <gtest/gtest.h>

namespace parley::rtchat {
namespace {

const MessageId one{{1}}, other{{2}};
const Instant now{std::chrono::hours{1}};

TEST(Shown, what_went_ahead_is_not_shown_again_by_the_log) {
  Shown shown;
  EXPECT_TRUE(shown.ahead(one));
  EXPECT_FALSE(shown.by_log(one, now));
  EXPECT_FALSE(shown.by_log(one, now)) << "for each of its receivers";
  EXPECT_TRUE(shown.by_log(other, now));
  shown.saved(one, now + std::chrono::hours{1});
  EXPECT_FALSE(shown.by_log(one, now + std::chrono::hours{1})) << "who catches up meets it later";
}

TEST(Shown, what_the_log_has_brought_goes_to_all_its_receivers_and_not_ahead_afterwards) {
  Shown shown;
  EXPECT_TRUE(shown.by_log(one, now));
  EXPECT_TRUE(shown.by_log(one, now));
  EXPECT_FALSE(shown.ahead(one));
  EXPECT_TRUE(shown.by_log(one, now)) << "those who had not got it by the log yet get it so";
}

TEST(Shown, forgets_what_was_saved_long_ago) {
  Shown shown;
  EXPECT_TRUE(shown.ahead(one));
  shown.saved(one, now);
  for (int minutes = 2; minutes < 5; ++minutes) {
    EXPECT_TRUE(shown.ahead(other));
    shown.saved(other, now + std::chrono::minutes{minutes});
  }
  EXPECT_TRUE(shown.by_log(one, now + std::chrono::minutes{5}));
}

}  // namespace
}  // namespace parley::rtchat
