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

TEST(Policy, strangers_may_be_told_that_there_is_something_to_change) {
  World world;
  const auto where = world.group("anna", {"ben"});
  auto refused = [&](const ConversationId& id) {
    UpdateConversation command;
    command.where = id;
    command.name = "mine";
    return world.run(world.engine.update(world.caller("zoe"), command)).error().code;
  };
  auto removes = [&] {
    return world.run(world.engine.remove_member(world.caller("zoe"), where, {"ben"})).error().code;
  };
  EXPECT_EQ(refused(where), Code::not_found);
  EXPECT_EQ(removes(), Code::not_found);
  world.policy.strangers_are_told = true;
  EXPECT_EQ(refused(where), Code::not_member);
  EXPECT_EQ(removes(), Code::not_member);
  EXPECT_EQ(refused(ConversationId{{1}}), Code::not_found);
}

TEST(Policy, leaving_may_be_apart_from_removing) {
  World world;
  const auto where = world.group("anna", {"ben", "cleo"});
  auto removes_self = [&](const char* who) {
    return world.run(world.engine.remove_member(world.caller(who), where, {who}));
  };
  world.policy.leaving_is_apart = true;
  EXPECT_EQ(removes_self("ben").error().code, Code::forbidden);
  EXPECT_TRUE(world.run(world.engine.leave(world.caller("ben"), where)));
  world.policy.leaving_is_apart = false;
  EXPECT_TRUE(removes_self("cleo"));
  world.policy.one_owner = true;
  EXPECT_EQ(world.run(world.engine.leave(world.caller("anna"), where)).error().code,
            Code::forbidden);
}

TEST(Policy, only_an_owner_may_say_how_long_messages_stay) {
  World world;
  const auto where = world.group("anna", {"ben"});
  ASSERT_TRUE(
      world.run(world.engine.set_role(world.caller("anna"), where, UserId{"ben"}, Role::admin)));
  auto retains = [&](const char* who) {
    UpdateConversation command;
    command.where = where;
    command.settings.retention_days = 3;
    return static_cast<bool>(world.run(world.engine.update(world.caller(who), command)));
  };
  EXPECT_TRUE(retains("ben"));
  world.policy.only_owners_retain = true;
  EXPECT_FALSE(retains("ben"));
  EXPECT_TRUE(retains("anna"));
}

TEST(Policy, what_is_put_away_may_be_unseen_until_somebody_writes) {
  World world;
  world.policy.put_away_is_unseen = world.policy.last_message_lives = true;
  const auto where = world.direct("anna", "ben");
  const auto before = *world.send(world.caller("anna"), where, "before")->message;
  const Caller ben = world.caller("ben");
  auto texts = [&] {
    std::string all;
    for (const Message& one : *world.run(world.engine.history(ben, where, {}))) all += one.text;
    return all;
  };
  auto sees = [&](const MessageId& id) {
    return static_cast<bool>(world.run(world.engine.message(ben, id)));
  };
  auto listed = [&] { return world.run(world.engine.conversations(ben, {}))->items.size(); };
  EXPECT_EQ(texts(), "before");
  ASSERT_TRUE(world.run(world.engine.put_away(ben, where)));
  EXPECT_EQ(world.run(world.engine.conversation(ben, where)).error().code, Code::not_found);
  EXPECT_EQ(world.run(world.engine.put_away(ben, where)).error().code, Code::not_found);
  EXPECT_EQ(listed(), 0U);
  EXPECT_FALSE(sees(before.id));
  const auto after = *world.send(world.caller("anna"), where, "after")->message;
  EXPECT_EQ(listed(), 1U);
  EXPECT_EQ(world.unread("ben", where), 1U);
  EXPECT_EQ(texts(), "after");
  EXPECT_TRUE(sees(after.id) && !sees(before.id));
  // The last message is none of those before.
  Turn turn;
  ASSERT_TRUE(world.run(world.engine.remove_message(world.caller("anna"), after.id, turn)));
  EXPECT_FALSE(world.run(world.engine.conversation(ben, where))->last_message);
  EXPECT_EQ(world.run(world.engine.conversation(world.caller("anna"), where))->last_message->id,
            before.id);
  // Other doors hide it from the list and nothing else.
  world.policy.put_away_is_unseen = false;
  EXPECT_TRUE(sees(before.id));
}

TEST(Policy, who_puts_a_group_away_has_left_it) {
  World world;
  const auto where = world.group("anna", {"ben"});
  ASSERT_TRUE(world.run(world.engine.put_away(world.caller("ben"), where)));
  EXPECT_FALSE(world.run(world.engine.conversation(world.caller("ben"), where)));
  EXPECT_EQ(world.run(world.engine.members(world.caller("anna"), where, {}, 10))->size(), 1U);
}

TEST(Policy, who_wrote_last_may_have_to_wait_for_an_answer) {
  World world;
  const auto where = world.direct("anna", "ben");
  auto waits = [&](const char* who) {
    const auto view = world.run(world.engine.conversation(world.caller(who), where));
    return waits_for_answer(view->conversation, {who}, world.policy);
  };
  ASSERT_TRUE(world.send(world.caller("anna"), where, "hello"));
  EXPECT_FALSE(waits("anna"));
  world.policy.first_message_limit = true;
  EXPECT_TRUE(waits("anna"));
  EXPECT_FALSE(waits("ben"));
  ASSERT_TRUE(world.send(world.caller("ben"), where, "hello"));
  EXPECT_FALSE(waits("anna"));
  // The conversation's own rule comes before the door's.
  const auto other = world.direct("anna", "cleo");
  UpdateConversation command;
  command.where = other;
  command.settings.first_message_limit = false;
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  ASSERT_TRUE(world.send(world.caller("anna"), other, "hello"));
  const auto view = world.run(world.engine.conversation(world.caller("anna"), other));
  EXPECT_FALSE(waits_for_answer(view->conversation, {"anna"}, world.policy));
  EXPECT_TRUE(world.send(world.caller("anna"), other, "again"));
}

TEST(Policy, a_message_names_as_many_as_the_door_lets_it) {
  Policy policy;
  SendMessage command;
  command.text = "x";
  for (int i = 0; i < 101; ++i) command.mentions.push_back({{std::to_string(i)}, 0, 0});
  EXPECT_FALSE(check_message(command, Rank::user, policy, {}));
  policy.mentions_max = 101;
  EXPECT_TRUE(check_message(command, Rank::user, policy, {}));
}

TEST(Policy, one_alone_is_read_only_if_it_is_there_and_somebody_elses) {
  World world;
  const auto where = world.group("anna", {"ben"});
  const auto mine = *world.send(world.caller("ben"), where, "mine")->message;
  const auto theirs = *world.send(world.caller("anna"), where, "theirs")->message;
  EXPECT_TRUE(read_one(world, "ben", mine, Extent::only_it)->marked.empty());
  Turn turn;
  ASSERT_TRUE(world.run(world.engine.remove_message(world.caller("anna"), theirs.id, turn)));
  EXPECT_EQ(read_one(world, "ben", theirs, Extent::only_it).error().code, Code::gone);
  EXPECT_TRUE(read_one(world, "ben", theirs, Extent::up_to_it));
}

}  // namespace
}  // namespace parley::engine
