#include "dialects/echo/wire.h"

#include <gtest/gtest.h>

#include "dialects/echo/fields.h"

namespace parley::echo {
namespace {

TEST(Wire, a_frame_has_its_fields_in_a_payload_or_beside_its_type) {
  auto pong = [](JsonWriter& json) {
    json.open();
    json.field("timestamp", "now");
    json.close();
  };
  EXPECT_EQ(framed(FrameStyle::nested, "pong", pong),
            R"({"type":"pong","payload":{"timestamp":"now"}})");
  EXPECT_EQ(framed(FrameStyle::flat, "pong", pong), R"({"type":"pong","timestamp":"now"})");
  auto typed = [](JsonWriter& json) {
    json.open();
    json.field("type", "new_message");
    json.field("n", 1);
    json.close();
  };
  EXPECT_EQ(framed(FrameStyle::flat, "new_message", typed), R"({"type":"new_message","n":1})");
  auto nothing = [](JsonWriter& json) { json.raw("{}"); };
  EXPECT_EQ(framed(FrameStyle::flat, "x", nothing), R"({"type":"x"})");
}

TEST(Wire, how_far_a_message_has_come_is_counted_by_receipts) {
  Message message;
  message.sender = UserId{"anna"};
  message.seq = Seq{5};
  auto member = [](const char* name, std::uint64_t delivered) {
    Member one;
    one.user = UserId{name};
    one.joined_seq = Seq{1};
    one.delivered_seq = Seq{delivered};
    return one;
  };
  const std::vector<Member> members{member("anna", 5), member("ben", 5), member("cleo", 4)};
  EXPECT_EQ(delivery_of(message, members).status(), "sent");
  message.seen_by = {{UserId{"cleo"}, from_micros(1)}};
  const Delivery delivery = delivery_of(message, members);
  EXPECT_EQ(delivery.status(), "delivered");  // what is read has come
  EXPECT_EQ(delivery.recipients, 2U);
  EXPECT_EQ(delivery.read, 1U);
  EXPECT_EQ(read_at(message, UserId{"cleo"}), from_micros(1));
  EXPECT_FALSE(read_at(message, UserId{"ben"}));
}

TEST(Fields, a_refusal_carries_its_field_and_the_beginning_of_its_value) {
  const std::string long_text = std::string(99, 'x') + "ü" + "more";
  const auto field = field_of(bad_field("Content", too_long, "too long", long_text).error());
  ASSERT_TRUE(field);
  EXPECT_EQ(field->field, "Content");
  EXPECT_EQ(field->code, "TOO_LONG");
  EXPECT_EQ(field->message, "too long");
  EXPECT_EQ(field->value, std::string(99, 'x'));  // no half of a character
  EXPECT_EQ(field_of(bad_field("Limit", invalid, "no").error())->value, "");
  EXPECT_FALSE(field_of({Code::unprocessable, "not of a field", {}}));
}

}  // namespace
}  // namespace parley::echo
