#include "cluster/roster.h"

#include <gmock/gmock.h>

#include "base/virtual_time.h"

namespace parley::cluster {
namespace {

using testing::ElementsAre;
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
  EXPECT_THAT(b.roster.lost(), ElementsAre(UserId{"anna"}));
  EXPECT_THAT(b.roster.lost(), IsEmpty());
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
