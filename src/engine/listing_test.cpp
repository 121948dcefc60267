// The list of somebody's conversations, and what they have missed.
#include <map>

#include "engine/unread_counts.h"
#include "engine/world.h"

namespace parley::engine {
namespace {

using Order = ListQuery::Order;

// By name; made one after the other.
struct Listing : World {
  std::map<std::string, ConversationId> places;

  void make(const std::string& name) {
    time.run_for(std::chrono::seconds{1});
    CreateConversation command;
    command.name = name;
    command.members = {{"ben"}};
    places[name] = run(engine.create(caller("anna"), command))->view.conversation.id;
  }
  MessageId say(const std::string& name) {
    time.run_for(std::chrono::seconds{1});
    return send(caller("anna"), places[name], "in " + name)->message->id;
  }
  void set(const std::string& name, const OwnPatch& patch) {
    ASSERT_TRUE(run(engine.set_own(caller("ben"), places[name], patch)));
  }
  ListPage page(ListQuery query) { return *run(engine.conversations(caller("ben"), query)); }
  std::string names(const ListQuery& query) {
    std::string all;
    for (const ConversationView& one : page(query).items) all += one.conversation.name;
    return all;
  }
};

ListQuery by(Order order) {
  ListQuery query;
  query.order = order;
  return query;
}

TEST(Listing, the_last_message_comes_first_and_then_what_has_none) {
  Listing world;
  for (const char* name : {"a", "b", "c", "d"}) world.make(name);
  world.say("b");
  world.say("a");
  EXPECT_EQ(world.names(by(Order::message)), "abdc");
  world.make("e");
  EXPECT_EQ(world.names(by(Order::message)), "abedc");
  EXPECT_EQ(world.names(by(Order::message_or_birth)), "eabdc");
}

TEST(Listing, a_page_is_cut_from_the_whole_and_says_how_many_there_are) {
  Listing world;
  for (const char* name : {"a", "b", "c"}) world.make(name);
  ListQuery query = by(Order::message);
  query.offset = 1;
  query.limit = 1;
  EXPECT_EQ(world.names(query), "b");
  EXPECT_EQ(world.page(query).total, 3U);
  query.offset = SIZE_MAX;
  EXPECT_EQ(world.names(query), "");
  query.offset = 0;
  query.limit = 0;
  EXPECT_EQ(world.names(query), "");
}

TEST(Listing, what_is_pinned_may_come_first_and_what_is_put_away_may_be_missing) {
  Listing world;
  for (const char* name : {"a", "b", "c"}) world.make(name);
  world.say("c");
  OwnPatch pin, hide;
  pin.pinned = hide.hidden = true;
  world.set("a", pin);
  world.set("c", hide);
  ListQuery query = by(Order::message);
  EXPECT_EQ(world.names(query), "cba");
  query.pinned_first = true;
  EXPECT_EQ(world.names(query), "acb");
  query.without_put_away = true;
  EXPECT_EQ(world.names(query), "ab");
  world.say("c");
  EXPECT_EQ(world.names(query), "acb");
}

TEST(Listing, a_place_is_by_the_last_message_that_is_shown) {
  Listing world;
  world.policy.last_message_lives = true;
  for (const char* name : {"a", "b"}) world.make(name);
  world.say("b");
  world.say("a");
  const MessageId newest = world.say("b");
  EXPECT_EQ(world.names(by(Order::message)), "ba");
  Turn turn;
  ASSERT_TRUE(world.run(world.engine.remove_message(world.caller("anna"), newest, turn)));
  EXPECT_EQ(world.names(by(Order::message)), "ab");
}

TEST(Missed, is_what_others_wrote_while_one_was_in_that_is_still_there_and_not_too_old) {
  World world;
  const auto where = world.group("anna", {"ben"});
  auto say = [&](const char* who, const char* text) {
    return world.send(world.caller(who), where, text)->message->id;
  };
  const Cursor begin = world.store->beginning();
  say("anna", "too old");
  world.time.run_for(std::chrono::hours{2});
  say("anna", "one");
  const MessageId gone = say("anna", "gone");
  say("ben", "his own");
  AddMembers add{where, {{"cleo"}}, Role::member};
  ASSERT_TRUE(world.run(world.engine.add_members(world.caller("anna"), add)));
  say("anna", "two");
  Turn turn;
  ASSERT_TRUE(world.run(world.engine.remove_message(world.caller("anna"), gone, turn)));
  const Cursor upto = world.run(world.engine.since(world.caller("ben"), std::nullopt, 1))->next;
  say("anna", "after");
  auto missed = [&](const char* who, std::size_t most) {
    std::string texts;
    for (const EventRef& one : *world.run(
             world.engine.missed(world.caller(who), begin, upto, {most, std::chrono::hours{1}})))
      texts += one->message->text + ' ';
    return texts;
  };
  EXPECT_EQ(missed("ben", 10), "one two ");
  EXPECT_EQ(missed("ben", 1), "two ");
  EXPECT_EQ(missed("cleo", 10), "two ");
  EXPECT_EQ(missed("zoe", 10), "");
}

TEST(UnreadOnceSeen, who_has_it_on_a_screen_reads_it) {
  Conversation conversation;
  conversation.message_count = 3;
  Member member;
  member.user = UserId{"ben"};
  Event event;
  event.actor = UserId{"anna"};
  event.seq = Seq{3};
  EXPECT_EQ(unread_once_seen(conversation, member, event, false), 3U);
  EXPECT_EQ(unread_once_seen(conversation, member, event, true), 2U);
  event.actor = member.user;
  EXPECT_EQ(unread_once_seen(conversation, member, event, true), 3U);
}

}  // namespace
}  // namespace parley::engine
