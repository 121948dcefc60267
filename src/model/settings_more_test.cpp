#include "model/settings_more.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(SettingsMore, nothing_takes_no_room) { EXPECT_EQ(more_of(ConversationSettings{}), ""); }

TEST(SettingsMore, what_was_written_is_read_back) {
  ConversationSettings settings;
  settings.slow_mode = std::chrono::seconds{30};
  settings.retention_days = 90;
  settings.first_message_limit = false;
  ConversationSettings read;
  read_more(more_of(settings), read);
  EXPECT_EQ(read, settings);
}

}  // namespace
}  // namespace parley
