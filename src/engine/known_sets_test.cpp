#include "engine/known_sets.h"

#include <gtest/gtest.h>

namespace parley::engine {
namespace {

const KnownSets::People pair{{"anna"}, {"ben"}};
const KnownSets::People others{{"anna"}, {"cleo"}};
const auto talk = ConversationId::from_raw("talk-0000001");
const auto group = ConversationId::from_raw("group-000001");

Event event_in(const ConversationId& where, const std::string& actor, std::uint32_t members) {
  Event event;
  event.conversation = where;
  event.actor = {actor};
  event.members_count = members;
  return event;
}

KnownSets knowing_talk() {
  KnownSets sets;
  sets.learn(pair, talk, sets.ask(pair));
  return sets;
}

TEST(KnownSets, what_was_learned_is_found) {
  const KnownSets sets = knowing_talk();
  EXPECT_EQ(sets.find(pair), talk);
  EXPECT_EQ(sets.find(others), std::nullopt);
}

TEST(KnownSets, messages_in_a_known_conversation_change_nothing) {
  KnownSets sets = knowing_talk();
  sets.learn(others, group, sets.ask(others));
  sets.notice(event_in(talk, "anna", 2));
  EXPECT_EQ(sets.find(pair), talk);
  EXPECT_EQ(sets.find(others), group);
}

// It may be one of the same people, and the one that was active last is theirs.
TEST(KnownSets, whoever_is_active_in_an_unknown_one_of_that_size_may_have_another_by_now) {
  KnownSets sets = knowing_talk();
  sets.notice(event_in(group, "anna", 3));
  sets.notice(event_in(group, "dora", 2));
  EXPECT_EQ(sets.find(pair), talk);
  sets.notice(event_in(group, "ben", 2));
  EXPECT_EQ(sets.find(pair), std::nullopt);
  sets.learn(pair, group, sets.ask(pair));
  EXPECT_EQ(sets.find(pair), group);
}

TEST(KnownSets, who_comes_goes_or_ends_it_makes_all_unknown) {
  for (int what = 0; what < 3; ++what) {
    KnownSets sets = knowing_talk();
    Event event = event_in(group, "dora", 5);
    if (what == 0) event.joined = {{"erna"}};
    if (what == 1) event.left = {{"erna"}};
    if (what == 2) event.kind = EventKind::conversation_deleted;
    sets.notice(event);
    EXPECT_EQ(sets.find(pair), std::nullopt) << what;
  }
}

TEST(KnownSets, an_answer_that_something_came_between_is_not_learned) {
  KnownSets sets;
  const auto first = sets.ask(pair);
  sets.notice(event_in(group, "anna", 2));
  const auto second = sets.ask(pair);
  sets.learn(pair, talk, first);
  EXPECT_EQ(sets.find(pair), std::nullopt);
  Event event = event_in(group, "dora", 5);
  event.joined = {{"erna"}};
  sets.notice(event);
  const auto third = sets.ask(pair);
  sets.learn(pair, talk, second);
  EXPECT_EQ(sets.find(pair), std::nullopt);
  sets.learn(pair, group, third);
  EXPECT_EQ(sets.find(pair), group);
}

}  // namespace
}  // namespace parley::engine
