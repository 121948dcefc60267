// What differs between doors, each difference by itself.
#include "engine/decide.h"
#include "engine/world.h"

namespace parley::engine {
namespace {

using Extent = Engine::Extent;

Result<Pointer> read_one(World& world, const std::string& who, const Message& message,
                         Extent extent) {
  return world.run(world.engine.mark_read(world.caller(who), message.conversation, message.id,
                                          Engine::Receipt::told, extent));
}

std::size_t readers(World& world, const Message& message) {
  std::vector<Message> one{message};
  return world.run(world.engine.with_readers(world.caller("anna"), one))->front().seen_by.size();
}

TEST(Policy, reading_up_to_a_message_may_tell_of_it_alone) {
  World world;
  const auto where = world.group("anna", {"ben"});
  std::vector<Message> said;
  for (const char* text : {"one", "two", "three"})
    said.push_back(*world.send(world.caller("anna"), where, text)->message);
  const auto first = read_one(world, "ben", said[1], Extent::up_to_it_told_alone);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->marked.size(), 1U);
  EXPECT_EQ(world.unread("ben", where), 1U);
  EXPECT_EQ(readers(world, said[0]), 0U);
  EXPECT_EQ(readers(world, said[1]), 1U);
  EXPECT_TRUE(read_one(world, "ben", said[1], Extent::up_to_it_told_alone)->marked.empty());
  // The one before gets its receipt when it is read for itself, and once.
  EXPECT_EQ(read_one(world, "ben", said[0], Extent::up_to_it_told_alone)->marked.size(), 1U);
  EXPECT_TRUE(read_one(world, "ben", said[0], Extent::up_to_it_told_alone)->marked.empty());
  EXPECT_EQ(readers(world, said[0]), 1U);
  EXPECT_EQ(world.unread("ben", where), 1U);
}

TEST(Policy, who_has_read_how_far_is_told_by_the_message) {
  World world;
  const auto where = world.group("anna", {"ben", "cleo"});
  const auto message = *world.send(world.caller("anna"), where, "one")->message;
  ASSERT_TRUE(world.send(world.caller("ben"), where, "his own"));
  ASSERT_TRUE(world.read("ben", where, 3));
  const auto members = world.run(world.engine.members(world.caller("anna"), where, {}, 10));
  const auto last = world.run(world.engine.last_read(world.caller("anna"), where, *members));
  ASSERT_EQ(last->size(), 3U);
  EXPECT_FALSE((*last)[0]);  // anna wrote it
  EXPECT_EQ((*last)[1], message.id);
  EXPECT_FALSE((*last)[2]);
}

TEST(Policy, strangers_may_be_told_that_they_are) {
  World world;
  const auto where = world.group("anna", {"ben"});
  const auto message = *world.send(world.caller("anna"), where, "one")->message;
  auto refused = [&](const MessageId& id) {
    return world.run(world.engine.message(world.caller("zoe"), id)).error().code;
  };
  EXPECT_EQ(refused(message.id), Code::not_found);
  world.policy.strangers_are_told = true;
  EXPECT_EQ(refused(message.id), Code::not_member);
  EXPECT_EQ(refused(MessageId{{1}}), Code::not_found);
  Turn turn;
  EXPECT_EQ(world.run(world.engine.edit(world.caller("zoe"), {message.id, "x", {}, {}}, turn))
                .error()
                .code,
            Code::not_member);
  // Of a conversation that is gone nobody is a stranger.
  ASSERT_TRUE(world.run(world.engine.remove(world.caller("anna"), where)));
  EXPECT_EQ(refused(message.id), Code::not_found);
}

TEST(Policy, the_last_message_may_be_one_that_is_still_there) {
  World world;
  const auto where = world.group("anna", {"ben"});
  const auto first = *world.send(world.caller("anna"), where, "stays")->message;
  const auto second = *world.send(world.caller("anna"), where, "goes")->message;
  Turn turn;
  ASSERT_TRUE(world.run(world.engine.remove_message(world.caller("anna"), second.id, turn)));
  auto last = [&] {
    return world.run(world.engine.conversation(world.caller("ben"), where))->last_message;
  };
  auto listed = [&] {
    return world.run(world.engine.conversations(world.caller("ben"), {}))
        ->items.front()
        .last_message;
  };
  EXPECT_TRUE(last()->gone() && listed()->gone());
  world.policy.last_message_lives = true;
  EXPECT_EQ(last()->id, first.id);
  EXPECT_EQ(listed()->id, first.id);
  ASSERT_TRUE(world.run(world.engine.remove_message(world.caller("anna"), first.id, turn)));
  EXPECT_FALSE(last());
  EXPECT_FALSE(listed());
}

TEST(Policy, names_and_reactions_have_each_doors_limits) {
  Policy policy;
  CreateConversation command;
  command.name = std::string(255, 'n');
  EXPECT_FALSE(check_conversation(command, UserId{"anna"}, policy, {}));
  policy.name_max = 255;
  EXPECT_TRUE(check_conversation(command, UserId{"anna"}, policy, {}));
  EXPECT_FALSE(check_emoji("ab", policy));
  EXPECT_TRUE(check_emoji(":ab:", policy));
  policy.reaction_max = 3;
  EXPECT_TRUE(check_emoji("ab/", policy));
  for (const char* bad : {"", "a b", "abcd", "a\t", "a\xC2\xA0", "a\x7F"})
    EXPECT_FALSE(check_emoji(bad, policy)) << bad;
}

TEST(Policy, only_the_sender_may_have_power_over_a_message) {
  Message message;
  message.sender = UserId{"ben"};
  Standing owner;
  owner.exists = owner.present = true;
  owner.role = Role::owner;
  Policy policy;
  EXPECT_TRUE(may_delete(message, UserId{"anna"}, owner, policy));
  policy.only_senders_delete = true;
  EXPECT_FALSE(may_delete(message, UserId{"anna"}, owner, policy));
  EXPECT_TRUE(may_delete(message, UserId{"ben"}, owner, policy));
}

TEST(Policy, the_same_text_again_may_be_no_edit) {
  World world;
  const auto where = world.group("anna", {"ben"});
  const auto message = *world.send(world.caller("anna"), where, "same")->message;
  auto edit = [&](const char* who, const char* text) {
    Turn turn;
    return world.run(world.engine.edit(world.caller(who), {message.id, text, {}, {}}, turn));
  };
  auto edits = [&] {
    return world.run(world.engine.edits(world.caller("ben"), message.id))->size();
  };
  world.policy.same_text_is_no_edit = true;
  EXPECT_TRUE(edit("anna", "same"));
  EXPECT_EQ(edits(), 0U);
  EXPECT_FALSE(edit("ben", "same"));
  EXPECT_TRUE(edit("anna", "other"));
  EXPECT_EQ(edits(), 1U);
}

TEST(Policy, equals_may_be_untouchable) {
  Standing admin;
  admin.exists = admin.present = true;
  admin.role = Role::admin;
  Policy policy;
  EXPECT_TRUE(may_set_role(admin, Target::other, Role::admin, Role::member, policy));
  EXPECT_TRUE(may_remove_member(admin, Target::other, Role::admin, policy));
  policy.equals_are_untouchable = true;
  EXPECT_FALSE(may_set_role(admin, Target::other, Role::admin, Role::member, policy));
  EXPECT_FALSE(may_remove_member(admin, Target::other, Role::admin, policy));
  EXPECT_TRUE(may_set_role(admin, Target::other, Role::member, Role::admin, policy));
  EXPECT_TRUE(may_remove_member(admin, Target::self, Role::admin, policy));
}

}  // namespace
}  // namespace parley::engine
