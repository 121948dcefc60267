#include "hub/presence.h"

#include <gtest/gtest.h>

namespace parley::hub {
namespace {

const UserId anna{"anna"};
const ConversationId talk{{1}};
const Time now = from_micros(1'000'000'000);

TEST(Presence, somebody_is_there_while_any_connection_is) {
  Presence presence;
  EXPECT_FALSE(presence.online(anna));
  EXPECT_EQ(presence.came(anna, now), 1U);
  EXPECT_EQ(presence.came(anna, now), 2U);
  EXPECT_EQ(presence.went(anna), 1U);
  EXPECT_TRUE(presence.online(anna));
  EXPECT_EQ(presence.went(anna), 0U);
  EXPECT_FALSE(presence.online(anna));
}

TEST(Presence, somebody_has_been_there_since_their_first_connection) {
  Presence presence;
  EXPECT_EQ(presence.online_since(anna), std::nullopt);
  presence.came(anna, now);
  presence.came(anna, now + std::chrono::seconds{5});
  EXPECT_EQ(presence.online_since(anna), now);
  presence.went(anna);
  EXPECT_EQ(presence.online_since(anna), now);
  presence.went(anna);
  EXPECT_EQ(presence.online_since(anna), std::nullopt);
}

TEST(Presence, observers_hear_of_the_first_and_the_last_connection) {
  Presence presence;
  std::vector<bool> heard;
  presence.observe([&](const UserId& user, bool online) {
    EXPECT_EQ(user, anna);
    heard.push_back(online);
  });
  presence.came(anna, now);
  presence.came(anna, now);
  presence.went(anna);
  EXPECT_EQ(heard, (std::vector<bool>{true}));
  presence.went(anna);
  presence.came(anna, now);
  EXPECT_EQ(heard, (std::vector<bool>{true, false, true}));
}

TEST(Presence, connections_elsewhere_are_those_of_other_processes) {
  Presence presence;
  presence.came(anna, now);
  EXPECT_EQ(presence.elsewhere(anna), 0U);
  presence.hear(7, anna, {.connections = 2, .since = now});
  presence.hear(8, anna, {.connections = 1, .since = now});
  EXPECT_EQ(presence.elsewhere(anna), 3U);
  EXPECT_EQ(presence.connections(anna), 4U);
  presence.hear(7, anna, {});
  presence.went(anna);
  EXPECT_EQ(presence.elsewhere(anna), 1U);
}

TEST(Presence, a_farewell_is_said_when_nobody_is_there_any_more_wherever_they_were) {
  Presence presence;
  std::size_t farewells = 0;
  presence.when_gone([&](const UserId& user) {
    EXPECT_EQ(user, anna);
    ++farewells;
  });
  presence.hear(7, anna, {});  // of somebody who was not there
  presence.came(anna, now);
  presence.hear(7, anna, {.connections = 1, .since = now});
  presence.went(anna);
  EXPECT_EQ(farewells, 0U);
  presence.hear(7, anna, {});
  EXPECT_EQ(farewells, 1U);
  presence.hear(7, anna, {.connections = 2, .since = now});
  EXPECT_EQ(presence.forget(7), std::vector<UserId>{anna});
  EXPECT_EQ(farewells, 2U);
  presence.came(anna, now);
  presence.went(anna);
  EXPECT_EQ(farewells, 3U);
}

TEST(Presence, who_is_there_says_how) {
  Presence presence;
  EXPECT_FALSE(presence.say(anna, "busy"));
  EXPECT_EQ(presence.status(anna), "offline");
  presence.came(anna, now);
  EXPECT_EQ(presence.status(anna), "online");
  EXPECT_TRUE(presence.say(anna, "busy"));
  EXPECT_FALSE(presence.say(anna, "busy"));
  EXPECT_EQ(presence.status(anna), "busy");
  EXPECT_EQ(presence.all_online().size(), 1U);
  EXPECT_TRUE(presence.say(anna, "offline"));
  EXPECT_TRUE(presence.all_online().empty());
  presence.went(anna);
  EXPECT_EQ(presence.status(anna), "offline");
}

TEST(Presence, a_conversation_is_looked_at_until_the_last_connection_looks_away) {
  Presence presence;
  presence.came(anna, now);
  presence.looks_at(anna, talk);
  presence.looks_at(anna, talk);
  presence.looks_away(anna, talk);
  EXPECT_TRUE(presence.is_looking(anna, talk));
  presence.looks_away(anna, talk);
  EXPECT_FALSE(presence.is_looking(anna, talk));
}

}  // namespace
}  // namespace parley::hub
