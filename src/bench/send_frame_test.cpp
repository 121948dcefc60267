#include "bench/send_frame.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace parley::bench {
namespace {

TEST(SendFrame, is_a_message_send_whose_id_and_client_id_carry_the_number) {
  SendFrame frame("c-1", "anna", 200);
  for (const std::uint64_t number : {0U, 42U, 1'234'567U}) {
    const std::string_view bytes = frame.numbered(number);
    const auto payload = parse_json_object(bytes.substr(8));  // 2 + 2 of length + 4 of the key
    ASSERT_TRUE(payload) << bytes;
    EXPECT_EQ(*payload->needed_text("type"), "message.send");
    EXPECT_EQ(std::stoull(std::string(*payload->needed_text("id"))), number);
    const auto data = **payload->object("data");
    EXPECT_EQ(*data.needed_text("conversation_id"), "c-1");
    const std::string client_id(*data.needed_text("client_id"));
    ASSERT_TRUE(client_id.starts_with("anna-"));
    EXPECT_EQ(std::stoull(client_id.substr(5)), number);
    EXPECT_EQ(data.needed_text("text")->size(), 200U);
  }
}

TEST(FillerText, has_the_length_asked_for) {
  EXPECT_EQ(filler_text(1).size(), 1U);
  EXPECT_EQ(filler_text(10'000).size(), 10'000U);
}

}  // namespace
}  // namespace parley::bench
