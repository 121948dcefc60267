#include "engine/world.h"

namespace parley::engine {
namespace {

UpdateConversation set(ConversationId where) {
  UpdateConversation command;
  command.where = where;
  return command;
}

std::vector<std::string> texts(World& world, ConversationId where) {
  std::vector<std::string> all;
  auto messages = world.run(world.engine.history(world.caller("ben"), where, {}));
  for (const Message& one : *messages) all.push_back(one.text);
  return all;
}

TEST(Retention, messages_go_when_their_days_are_over_and_counts_stay_exact) {
  World world;
  const auto kept = world.group("anna", {"ben"}), here = world.group("anna", {"ben"});
  auto command = set(here);
  command.settings.retention_days = 2;
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  for (int i = 0; i < 120; ++i) world.send(world.caller("anna"), here, "old");
  world.send(world.caller("anna"), kept, "for ever");
  world.time.run_for(std::chrono::days{1});
  world.send(world.caller("anna"), here, "young");
  ASSERT_TRUE(world.run(world.engine.retain_messages()));
  EXPECT_EQ(world.unread("ben", here), 121U);
  world.time.run_for(std::chrono::days{1} + std::chrono::hours{1});
  ASSERT_TRUE(world.run(world.engine.retain_messages()));
  EXPECT_EQ(world.unread("ben", here), 1U);
  const auto left = texts(world, here);
  EXPECT_EQ(left.front(), "young");
  EXPECT_EQ(std::ranges::count(left, std::string{}),
            49);  // the rest of the page are tombstones, which keep their seq
  EXPECT_EQ(texts(world, kept), std::vector<std::string>{"for ever"});
  world.time.run_for(std::chrono::days{2});
  ASSERT_TRUE(world.run(world.engine.retain_messages()));
  EXPECT_EQ(world.unread("ben", here), 0U);
}

TEST(Retention, what_was_there_before_it_was_set_goes_too_and_nothing_once_it_is_off) {
  World world;
  const auto here = world.group("anna", {"ben"});
  world.send(world.caller("anna"), here, "one");
  auto command = set(here);
  command.settings.retention_days = 1;
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  world.time.run_for(std::chrono::days{2});
  ASSERT_TRUE(world.run(world.engine.retain_messages()));
  EXPECT_EQ(texts(world, here), std::vector<std::string>{""});
  world.send(world.caller("anna"), here, "two");
  command.settings.retention_days = 0;
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  world.time.run_for(std::chrono::days{400});
  ASSERT_TRUE(world.run(world.engine.retain_messages()));
  EXPECT_EQ(texts(world, here), (std::vector<std::string>{"two", ""}));
  command.settings.retention_days = 40'000;
  EXPECT_EQ(world.run(world.engine.update(world.caller("anna"), command)).error().code,
            Code::unprocessable);
}

void keep_for(World& world, std::uint32_t days) {
  Limits limits;
  limits.retention_days = days;
  world.engine.set_limits(limits);
}

void keep_for(World& world, ConversationId where, std::uint32_t days) {
  auto command = set(where);
  command.settings.retention_days = days;
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
}

void after(World& world, std::chrono::hours pause) {
  world.time.run_for(pause);
  ASSERT_TRUE(world.run(world.engine.retain_messages()));
}

std::size_t looked_after(World& world) {
  return world.run(world.engine.records("retention", {}, {}))->size();
}

using std::chrono::days;

TEST(ServersRetention, conversations_without_a_rule_of_their_own_follow_the_server) {
  World world;
  const auto here = world.group("anna", {"ben"}), longer = world.group("anna", {"ben"});
  keep_for(world, longer, 30);
  for (int i = 0; i < 120; ++i) world.send(world.caller("anna"), here, "old");
  world.send(world.caller("anna"), longer, "kept");
  world.read("ben", longer, 2);  // a step of the log, too
  after(world, days{4});
  EXPECT_EQ(world.unread("ben", here), 120U);
  keep_for(world, 3);
  world.send(world.caller("anna"), here, "young");
  after(world, days{0});
  EXPECT_EQ(world.unread("ben", here), 1U);
  EXPECT_EQ(texts(world, here).front(), "young");
  after(world, days{2});
  EXPECT_EQ(world.unread("ben", here), 1U);
  after(world, days{2});
  EXPECT_EQ(world.unread("ben", here), 0U);
  EXPECT_EQ(texts(world, longer), std::vector<std::string>{"kept"});
}

TEST(ServersRetention, what_is_deleted_by_then_or_in_a_deleted_conversation_is_passed_over) {
  World world;
  keep_for(world, 1);
  const auto here = world.group("anna", {"ben"}), ended = world.group("anna", {"ben"});
  Turn turn;
  auto one = world.send(world.caller("anna"), here, "one");
  ASSERT_TRUE(
      world.run(world.engine.remove_message(world.caller("anna"), (*one).message->id, turn)));
  world.send(world.caller("anna"), ended, "two");
  ASSERT_TRUE(world.run(world.engine.remove(world.caller("anna"), ended)));
  after(world, days{2});
  EXPECT_EQ(texts(world, here), std::vector<std::string>{""});
}

TEST(ServersRetention, who_gives_up_their_own_rule_follows_the_server_with_all_that_is_there) {
  World world;
  keep_for(world, 1);
  const auto here = world.group("anna", {"ben"});
  keep_for(world, here, 100);
  world.send(world.caller("anna"), here, "before");
  after(world, days{10});  // the log is walked beyond it
  EXPECT_EQ(world.unread("ben", here), 1U);
  keep_for(world, here, 0);
  world.send(world.caller("anna"), here, "after");
  after(world, days{0});
  EXPECT_EQ(texts(world, here), (std::vector<std::string>{"after", ""}));
  after(world, days{2});
  EXPECT_EQ(texts(world, here), (std::vector<std::string>{"", ""}));
  after(world, days{0});
  EXPECT_EQ(looked_after(world), 0U);
}

TEST(ServersRetention, what_the_log_was_walked_past_is_not_forgotten_while_the_server_keeps_all) {
  World world;
  keep_for(world, 1);
  const auto here = world.group("anna", {"ben"}), other = world.group("anna", {"ben"});
  keep_for(world, here, 100);
  world.send(world.caller("anna"), here, "one");
  after(world, days{10});
  keep_for(world, 0);
  keep_for(world, here, 0);
  keep_for(world, other, 5);
  keep_for(world, other, 0);  // nothing has been said there
  after(world, days{1});
  EXPECT_EQ(texts(world, here), std::vector<std::string>{"one"});
  EXPECT_EQ(looked_after(world), 1U);
  keep_for(world, 1);
  after(world, days{0});
  EXPECT_EQ(texts(world, here), std::vector<std::string>{""});
}

TEST(SlowMode, a_member_waits_between_two_messages_and_who_leads_does_not) {
  World world;
  const auto here = world.group("anna", {"ben", "cleo"});
  auto command = set(here);
  command.settings.slow_mode = std::chrono::seconds{30};
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  ASSERT_TRUE(world.send(world.caller("ben"), here, "one", "k1"));
  ASSERT_TRUE(world.send(world.caller("cleo"), here, "of somebody else"));
  world.time.run_for(std::chrono::seconds{10});
  auto early = world.send(world.caller("ben"), here, "two");
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, Code::rate_limited);
  EXPECT_EQ(std::chrono::ceil<std::chrono::seconds>(early.error().retry_after),
            std::chrono::seconds{20});
  EXPECT_TRUE(world.send(world.caller("ben"), here, "one", "k1")->repeated);
  EXPECT_TRUE(world.send(world.caller("anna"), here, "a"));
  EXPECT_TRUE(world.send(world.caller("anna"), here, "b"));
  world.time.run_for(std::chrono::seconds{21});
  EXPECT_TRUE(world.send(world.caller("ben"), here, "two"));
  command.settings.slow_mode = std::chrono::seconds{0};
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  EXPECT_TRUE(world.send(world.caller("ben"), here, "three"));
}

TEST(SlowMode, of_several_at_once_one_is_taken) {
  World world;
  const auto here = world.group("anna", {"ben"});
  auto command = set(here);
  command.settings.slow_mode = std::chrono::seconds{30};
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  int taken = 0;
  Turn turn;
  world.time.run([&] {
    for (int i = 0; i < 10; ++i)
      spawn(world.engine.send(world.connected("ben"), World::text(here, "me!"), turn),
            [&](const Result<Sent>& sent) { taken += sent ? 1 : 0; });
  });
  world.time.run_for(std::chrono::seconds{1});
  EXPECT_EQ(taken, 1);
}

TEST(FirstMessageLimit, a_conversation_may_set_what_the_door_does_not) {
  World world;
  const auto here = world.direct("anna", "ben");
  auto command = set(here);
  command.settings.first_message_limit = true;
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  ASSERT_TRUE(world.send(world.caller("anna"), here, "hello?"));
  EXPECT_EQ(world.send(world.caller("anna"), here, "are you there?").error().code, Code::muted);
  ASSERT_TRUE(world.send(world.caller("ben"), here, "yes"));
  EXPECT_TRUE(world.send(world.caller("anna"), here, "good"));
  const auto other = world.direct("anna", "cleo");
  world.policy.first_message_limit = true;
  command.where = other;
  command.settings.first_message_limit = false;
  ASSERT_TRUE(world.run(world.engine.update(world.caller("anna"), command)));
  EXPECT_TRUE(world.send(world.caller("anna"), other, "one"));
  EXPECT_TRUE(world.send(world.caller("anna"), other, "two"));
}

}  // namespace
}  // namespace parley::engine
