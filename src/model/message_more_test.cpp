#include "model/message_more.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(MessageMore, nothing_takes_no_room) { EXPECT_EQ(more_of(Message{}), ""); }

TEST(MessageMore, what_was_written_is_read_back) {
  Message message;
  message.quote = MessageId{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
  message.mentions = {{UserId{"anna \"m\""}, 3, 4}, {UserId{}, 0, 4}};
  message.forwarded_from = Forwarded{MessageId{{9}}, ConversationId{{8}}, UserId{"ben"}};
  message.sealed = true;
  Message read;
  read_more(more_of(message), read);
  EXPECT_TRUE(read.sealed);
  EXPECT_EQ(read.quote, message.quote);
  EXPECT_EQ(read.mentions, message.mentions);
  EXPECT_EQ(read.forwarded_from, message.forwarded_from);
}

}  // namespace
}  // namespace parley
