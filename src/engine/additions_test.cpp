#include "engine/world.h"

namespace parley::engine {
namespace {

using Names = std::vector<std::string>;

Result<Sent> say(World& world, const std::string& who, SendMessage command) {
  Turn turn;
  return world.run(world.engine.send(world.caller(who), std::move(command), turn));
}

TEST(Additions, a_reply_and_a_quote_are_of_the_same_conversation) {
  World world;
  const auto here = world.group("anna", {"ben"}), there = world.group("anna", {"ben"});
  const auto top = world.send(world.caller("anna"), here, "top")->message;
  const auto other = world.send(world.caller("anna"), there, "other")->message;
  SendMessage reply = World::text(here, "reply");
  reply.parent = reply.quote = top->id;
  const auto sent = say(world, "ben", reply);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->message->quoted->text, "top");
  EXPECT_EQ(world.run(world.engine.message(world.caller("anna"), top->id))->reply_count, 1U);
  const auto thread = world.run(world.engine.thread(world.caller("anna"), top->id, Seq{}, 10));
  ASSERT_EQ(thread->size(), 1U);
  EXPECT_EQ(thread->front().text, "reply");
  reply.parent = other->id;
  EXPECT_EQ(say(world, "ben", reply).error().code, Code::unprocessable);
  EXPECT_EQ(world.run(world.engine.thread(world.caller("zoe"), top->id, Seq{}, 10)).error().code,
            Code::not_found);
}

TEST(Additions, mentions_are_of_members_and_within_the_text) {
  World world;
  const auto here = world.group("anna", {"ben"});
  SendMessage command = World::text(here, "@ben @zoe");
  command.mentions = {{UserId{"ben"}, 0, 4}, {UserId{"zoe"}, 5, 4}};
  EXPECT_EQ(say(world, "anna", command).error().code, Code::unprocessable);
  world.policy.mentioned_strangers = Policy::Strangers::dropped;
  const auto sent = say(world, "anna", command);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->message->mentions.size(), 1U);
  EXPECT_EQ(world.run(world.engine.conversation(world.caller("ben"), here))->mention_count, 1U);
  // Shorter text: what no longer fits is dropped.
  Turn turn;
  EXPECT_TRUE(
      world.run(world.engine.edit(world.caller("anna"), {sent->message->id, "@be", {}, {}}, turn)));
  EXPECT_EQ(world.run(world.engine.conversation(world.caller("ben"), here))->mention_count, 0U);
  command.mentions = {{UserId{"ben"}, 6, 4}};
  EXPECT_EQ(say(world, "anna", command).error().code, Code::unprocessable);
}

TEST(Additions, a_reaction_is_one_character_or_a_name) {
  World world;
  const auto here = world.group("anna", {"ben"});
  const auto message = world.send(world.caller("anna"), here, "hi")->message;
  auto react = [&](const std::string& who, const std::string& emoji) {
    Turn turn;
    auto done = world.run(world.engine.react(world.caller(who), message->id, emoji, true, turn));
    return done ? std::nullopt : std::optional(done.error().code);
  };
  EXPECT_EQ(react("ben", "\U0001F468\u200D\U0001F469\u200D\U0001F467"), std::nullopt);
  EXPECT_EQ(react("ben", ":party_parrot:"), std::nullopt);
  EXPECT_EQ(react("ben", ":party_parrot:"), std::nullopt);
  for (const char* bad : {"", "ab", "::", ":a b:", " ", "\n"})
    EXPECT_EQ(react("ben", bad), Code::unprocessable) << bad;
  EXPECT_EQ(react("zoe", "x"), Code::not_found);
  const auto seen = world.run(world.engine.message(world.caller("anna"), message->id));
  EXPECT_EQ(seen->reactions.size(), 2U);
}

TEST(Additions, copies_say_where_they_come_from) {
  World world;
  const auto here = world.group("anna", {"ben"}), there = world.group("ben", {"cleo"}),
             foreign = world.group("cleo", {});
  const auto message = world.send(world.caller("anna"), here, "worth it")->message;
  const auto copies =
      world.run(world.engine.forward(world.caller("ben"), message->id, {there, foreign}));
  ASSERT_EQ(copies->size(), 2U);
  EXPECT_EQ((*copies)[0]->text, "worth it");
  EXPECT_EQ((*copies)[0]->forwarded_from->sender.text, "anna");
  EXPECT_EQ((*copies)[1].error().code, Code::not_found);
  const auto again =
      world.run(world.engine.forward(world.caller("cleo"), (*copies)[0]->id, {foreign}));
  EXPECT_EQ((*again)[0]->forwarded_from->message, message->id);
}

TEST(Additions, pins_are_seen_by_members) {
  World world;
  const auto here = world.group("anna", {"ben"});
  const auto message = world.send(world.caller("anna"), here, "keep")->message;
  EXPECT_TRUE(world.run(world.engine.pin(world.caller("ben"), message->id, true)));
  EXPECT_TRUE(world.run(world.engine.pin(world.caller("ben"), message->id, true)));
  EXPECT_EQ(world.run(world.engine.pins(world.caller("anna"), here))->size(), 1U);
  EXPECT_EQ(world.run(world.engine.pins(world.caller("zoe"), here)).error().code, Code::not_found);
}

TEST(Additions, receipts_follow_the_readers) {
  World world;
  const auto here = world.group("anna", {"ben", "cleo"});
  const auto message = world.send(world.caller("anna"), here, "read me")->message;
  EXPECT_TRUE(world.read("ben", here, message->seq.value));
  const auto receipts = world.run(world.engine.receipts(world.caller("anna"), message->id));
  ASSERT_TRUE(receipts);
  ASSERT_EQ(receipts->members.size(), 2U);
  EXPECT_EQ(receipts->members[0].read_seq, message->seq);
  EXPECT_LT(receipts->members[1].read_seq, message->seq);
}

TEST(Additions, a_reaction_that_is_there_or_is_not_changes_nothing) {
  World world;
  const auto where = world.group("anna", {"ben"});
  const auto message = *world.send(world.caller("anna"), where, "one")->message;
  auto react = [&](const char* emoji, bool on) {
    Turn turn;
    return world.run(world.engine.react(world.caller("ben"), message.id, emoji, on, turn));
  };
  EXPECT_TRUE(*react(":ok:", true));
  EXPECT_FALSE(*react(":ok:", true));
  EXPECT_TRUE(*react(":ok:", false));
  EXPECT_FALSE(*react(":ok:", false));
  EXPECT_EQ(react("no emoji", true).error().code, Code::unprocessable);
  EXPECT_FALSE(*react("no emoji", false));
}

TEST(Additions, a_copy_goes_to_people_unless_they_have_blocked_who_sends_it) {
  World world;
  const auto where = world.group("anna", {"ben"});
  const auto message = *world.send(world.caller("anna"), where, "one")->message;
  ASSERT_TRUE(world.run(world.engine.block(world.caller("cleo"), {"anna"}, true)));
  const auto copies = *world.run(
      world.engine.forward(world.caller("anna"), message.id, {where}, {}, {{"cleo"}, {"dan"}}));
  ASSERT_EQ(copies.size(), 3U);
  EXPECT_EQ(copies[0]->conversation, where);
  EXPECT_EQ(copies[1].error().code, Code::blocked);
  EXPECT_EQ(copies[2]->forwarded_from->message, message.id);
  EXPECT_EQ(world.run(world.engine.partners({"anna"}))->size(), 1U);
  const std::vector<UserId> many(51, UserId{"dan"});
  EXPECT_FALSE(world.run(world.engine.forward(world.caller("anna"), message.id, {}, {}, many)));
}

TEST(Calls, a_signal_goes_to_nobody_who_is_not_in_the_conversation) {
  World world;
  const auto where = world.group("anna", {"ben"});
  auto call = [&](const char* who, std::vector<UserId> to) {
    Signal signal;
    signal.to = std::move(to);
    return world.run(world.engine.call_in(world.caller(who), where, signal));
  };
  EXPECT_TRUE(call("anna", {}));
  EXPECT_TRUE(call("anna", {{"ben"}}));
  EXPECT_EQ(call("anna", {{"zoe"}}).error().code, Code::not_found);
  EXPECT_EQ(call("zoe", {}).error().code, Code::not_found);
}

}  // namespace
}  // namespace parley::engine
