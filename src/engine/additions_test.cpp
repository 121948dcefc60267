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

}  // namespace
}  // namespace parley::engine
