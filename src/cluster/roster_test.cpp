#include "cluster/roster.h"

#include <gmock/gmock.h>

#include "base/virtual_time.h"

namespace parley::cluster {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

struct Member {
  Member(NodeNumber number, const Clock& clock)
      : roster(number, presence, clock,
               [this](std::string body) { said.push_back(std::move(body)); }) {
    roster.linked(true);
  }
  hub::Presence presence;
  std::vector<std::string> said;
  Roster roster;
};

auto lost(std::string user, bool outside) {
  return AllOf(Field(&Roster::Lost::user, UserId{std::move(user)}),
               Field(&Roster::Lost::outside, outside));
}

// What one has said since the last time, to the other.
void tell(Member& from, NodeNumber number, Member& to) {
  from.roster.beat();
  for (const std::string& body : std::exchange(from.said, {})) to.roster.heard(number, body);
}

TEST(Roster, a_lost_change_is_asked_for) {
  VirtualTime time;
  Member a(1, time), b(2, time);
  tell(a, 1, b);
  a.presence.came({"anna"}, time.now());
  a.roster.beat();
  a.said.clear();  // lost
  tell(a, 1, b);
  EXPECT_FALSE(b.presence.online({"anna"}));
  time.run_for(std::chrono::milliseconds{600});
  tell(b, 2, a);  // asks
  tell(a, 1, b);
  EXPECT_TRUE(b.presence.online({"anna"}));
}

TEST(Roster, who_is_gone_according_to_everybody_is_lost_once) {
  VirtualTime time;
  Member a(1, time), b(2, time);
  tell(a, 1, b);
  a.presence.came({"anna"}, time.now());
  tell(a, 1, b);
  ASSERT_TRUE(b.presence.online({"anna"}));
  a.presence.went({"anna"});
  a.roster.beat();
  a.said.clear();  // lost
  b.roster.linked(true);
  time.run_for(std::chrono::milliseconds{600});
  tell(b, 2, a);
  tell(a, 1, b);
  EXPECT_FALSE(b.presence.online({"anna"}));
  EXPECT_THAT(b.roster.lost(), ElementsAre(lost("anna", false)));  // her node tells outside
  EXPECT_THAT(b.roster.lost(), IsEmpty());
}

// Whoever was told that they are gone would believe it for ever.
TEST(Roster, who_was_gone_with_a_silent_node_and_is_heard_again_is_found) {
  VirtualTime time;
  Member a(1, time), b(2, time), c(3, time);
  for (Member* one : {&a, &c}) tell(b, 2, *one);
  tell(a, 1, c);
  tell(c, 3, a);
  b.presence.came({"ben"}, time.now());
  b.roster.beat();
  for (const std::string& body : std::exchange(b.said, {})) {
    a.roster.heard(2, body);
    c.roster.heard(2, body);
  }
  EXPECT_THAT(a.roster.found(), IsEmpty());  // b has told of him itself
  for (int beat = 0; beat < 8; ++beat) {
    time.run_for(std::chrono::milliseconds{500});
    tell(a, 1, c);
    tell(c, 3, a);
  }
  ASSERT_THAT(a.roster.lost(), ElementsAre(lost("ben", true)));
  ASSERT_THAT(c.roster.lost(), ElementsAre(lost("ben", false)));
  b.roster.linked(true);
  b.roster.beat();
  for (const std::string& body : std::exchange(b.said, {})) {
    a.roster.heard(2, body);
    c.roster.heard(2, body);
  }
  auto found_by_a = a.roster.found(), found_by_c = c.roster.found();
  ASSERT_EQ(found_by_a.size(), 1U);
  EXPECT_TRUE(found_by_a[0].were_told_gone && found_by_a[0].outside);
  ASSERT_EQ(found_by_c.size(), 1U);
  EXPECT_TRUE(found_by_c[0].were_told_gone);
  EXPECT_FALSE(found_by_c[0].outside);  // who has told there that he is gone does
  EXPECT_THAT(a.roster.found(), IsEmpty());
}

// Their node tells of them before it tells of everybody: for it they were there all the time, so it says nothing outside.
TEST(Roster, who_connects_once_more_where_a_silent_node_is_heard_again_is_found) {
  VirtualTime time;
  Member a(1, time), b(2, time);
  tell(b, 2, a);
  b.presence.came({"ben"}, time.now());
  tell(b, 2, a);
  for (int beat = 0; beat < 8; ++beat) {
    time.run_for(std::chrono::milliseconds{500});
    a.roster.beat();
  }
  ASSERT_THAT(a.roster.lost(), ElementsAre(lost("ben", true)));
  b.presence.came({"ben"}, time.now());
  tell(b, 2, a);
  ASSERT_TRUE(a.presence.online({"ben"}));
  const auto found = a.roster.found();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].were_told_gone);
}

TEST(Roster, who_comes_new_learns_who_is_there_and_tells_nobody_else) {
  VirtualTime time;
  Member a(1, time), b(2, time);
  b.presence.came({"ben"}, time.now());
  b.roster.beat();
  b.said.clear();
  tell(b, 2, a);
  time.run_for(std::chrono::milliseconds{600});
  tell(a, 1, b);
  tell(b, 2, a);
  auto found = a.roster.found();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].were_told_gone || found[0].outside);
}

TEST(Roster, who_has_come_is_known_elsewhere_before_anybody_is_told) {
  VirtualTime time;
  Member a(1, time), b(2, time);
  tell(a, 1, b);
  a.roster.tell();
  EXPECT_THAT(a.said, IsEmpty());
  a.presence.came({"anna"}, time.now());
  a.roster.tell();
  for (const std::string& body : std::exchange(a.said, {})) b.roster.heard(1, body);
  EXPECT_TRUE(b.presence.online({"anna"}));
}

// It dies before it has told of everybody; and the one with the lowest number knows nothing.
TEST(Roster, who_was_heard_of_is_lost_with_a_node_of_which_much_was_missed) {
  VirtualTime time;
  Member a(1, time), b(2, time), c(3, time);
  for (Member* one : {&a, &b}) tell(c, 3, *one);
  tell(a, 1, b);
  tell(b, 2, a);
  c.presence.came({"cleo"}, time.now());
  c.roster.beat();
  c.said.clear();  // lost
  c.presence.came({"dora"}, time.now());
  tell(c, 3, b);
  EXPECT_TRUE(b.presence.online({"dora"}));
  for (int beat = 0; beat < 8; ++beat) {
    time.run_for(std::chrono::milliseconds{500});
    tell(a, 1, b);
    tell(b, 2, a);
  }
  EXPECT_THAT(a.roster.lost(), IsEmpty());
  EXPECT_THAT(b.roster.lost(), ElementsAre(lost("dora", false)));
}

TEST(Roster, who_could_not_be_told_of_is_lost_once_more) {
  VirtualTime time;
  Member a(1, time), b(2, time);
  tell(b, 2, a);
  b.presence.came({"ben"}, time.now());
  tell(b, 2, a);
  b.roster.bye();
  a.roster.heard(2, b.said.back());
  auto lost_once = a.roster.lost();
  ASSERT_THAT(lost_once, ElementsAre(lost("ben", true)));
  a.roster.put_back(lost_once);
  EXPECT_THAT(a.roster.lost(), ElementsAre(lost("ben", true)));
}

TEST(Roster, a_goodbye_takes_its_people_along) {
  VirtualTime time;
  Member a(1, time), b(2, time);
  tell(a, 1, b);
  a.presence.came({"anna"}, time.now());
  tell(a, 1, b);
  a.roster.bye();
  for (const std::string& body : a.said) b.roster.heard(1, body);
  EXPECT_FALSE(b.presence.online({"anna"}));
  EXPECT_EQ(b.roster.nodes(), 1U);
}

TEST(Roster, what_it_does_not_understand_changes_nothing) {
  VirtualTime time;
  Member b(2, time);
  for (const char* nonsense : {"", "\x01", "\x09\x00", "\x01\x01\x00\x00\x00"})
    b.roster.heard(1, nonsense);
  EXPECT_THAT(b.presence.all_online(), IsEmpty());
}

}  // namespace
}  // namespace parley::cluster
