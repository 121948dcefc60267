#include "dialects/native/wire.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace parley::native {
namespace {

const ConversationId plans = ConversationId::from_raw("plans-000001");

Event event(EventKind kind) {
  Event made;
  made.conversation = plans;
  made.seq = Seq{3};
  made.kind = kind;
  made.actor = {"anna"};
  made.subject = {"ben"};
  made.role = Role::admin;
  return made;
}

TEST(Wire, a_message_leaves_out_what_is_empty) {
  Message message;
  message.conversation = plans;
  message.text = "he said \"hi\"\n";
  message.sender = {"anna"};
  auto object = parse_json_object(to_json(message));
  ASSERT_TRUE(object);
  EXPECT_EQ(*object->text("text"), message.text);
  EXPECT_FALSE(object->has("metadata"));
  EXPECT_FALSE(object->has("attachments"));
  EXPECT_EQ(*object->text("conversation_id"), plans.text());
}

TEST(Wire, every_event_carries_its_place_and_its_data) {
  Cursor cursor{7, {3}};
  for (auto kind : {EventKind::conversation_created, EventKind::conversation_updated,
                    EventKind::conversation_deleted, EventKind::member_added,
                    EventKind::member_removed, EventKind::member_updated}) {
    Event one = event(kind);
    one.details = kind == EventKind::conversation_updated ? R"({"name":"x"})" : "";
    std::string json = event_json(one, cursor);
    auto object = parse_json_object(json);
    ASSERT_TRUE(object) << json;
    EXPECT_EQ(*object->text("type"), name_of(kind));
    EXPECT_EQ(*object->number("seq"), 3);
    EXPECT_EQ(*object->text("cursor"), cursor.text());
    auto data = *object->object("data");
    ASSERT_TRUE(data);
    bool of_member = kind >= EventKind::member_added;
    EXPECT_EQ(data->has("user_id"), of_member);
    EXPECT_EQ(data->has("id"), !of_member);
    EXPECT_EQ(data->has("name"), kind == EventKind::conversation_updated);
  }
}

TEST(Wire, pointers_have_neither_seq_nor_cursor) {
  Pointer pointer;
  pointer.conversation = plans;
  pointer.user = {"ben"};
  pointer.read_seq = Seq{5};
  auto object = parse_json_object(read_updated_json(pointer));
  ASSERT_TRUE(object);
  EXPECT_FALSE(object->has("seq"));
  EXPECT_FALSE(object->has("cursor"));
  EXPECT_EQ(*(*object->object("data"))->number("read_seq"), 5);
}

}  // namespace
}  // namespace parley::native
