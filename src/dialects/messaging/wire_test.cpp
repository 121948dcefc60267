#include "dialects/messaging/wire.h"

#include <gtest/gtest.h>

namespace parley::messaging {
namespace {

TEST(Wire, flat_frames_have_their_fields_twice) {
  EXPECT_EQ(flat_frame("typing.indicator", R"({"user_id":"u","is_typing":true})"),
            R"({"type":"typing.indicator","user_id":"u","is_typing":true,)"
            R"("data":{"user_id":"u","is_typing":true}})");
}

TEST(Wire, what_is_kept_of_a_conversation_is_read_back) {
  Conversation conversation;
  EXPECT_TRUE(extras_of(conversation).created_by.empty());
  conversation.metadata = metadata_with({"what it is \"for\"", UserId{"anna"}});
  EXPECT_EQ(extras_of(conversation).description, "what it is \"for\"");
  EXPECT_EQ(extras_of(conversation).created_by.text, "anna");
}

}  // namespace
}  // namespace parley::messaging
