#include "engine/standings.h"

#include "engine/world.h"

namespace parley::engine {
namespace {

// The feed of this world tells its engine what happens, not these standings: they know only what they have read.
struct Remembering {
  World world;
  Standings standings{*world.store};
  ConversationId plans = world.group("anna", {"ben", "cleo"});
  std::vector<std::pair<std::string, Version>> found;

  void find(const std::string& who, std::uint64_t ticket) {
    world.time.run([&, who, ticket] {
      spawn(standings.find(plans, {who}, ticket),
            [this, who](Result<Standing> standing) { found.emplace_back(who, standing->version); });
    });
  }
  void change_members() {
    ASSERT_TRUE(world.run(world.engine.remove_member(world.caller("anna"), plans, {"cleo"})));
  }
};

TEST(Standings, what_was_read_once_is_remembered_until_it_is_forgotten) {
  Remembering it;
  it.find("anna", 1);
  it.change_members();
  it.find("anna", 2);
  it.standings.forget(it.plans);
  it.find("anna", 3);
  ASSERT_EQ(it.found.size(), 3U);
  EXPECT_EQ(it.found[0], it.found[1]);
  EXPECT_LT(it.found[1].second, it.found[2].second);
}

TEST(Standings, nothing_is_decided_on_a_newer_standing_while_an_older_decision_is_on_its_way) {
  Remembering it;
  it.find("anna", 1);
  ASSERT_EQ(it.found.size(), 1U);
  it.standings.submitted(it.plans, it.found[0].second);
  it.change_members();
  // Ben is not known, so he is read; Anna, who comes during that, must not be told what her first command did not know.
  it.world.time.run([&] {
    for (const char* who : {"ben", "anna"})
      spawn(
          it.standings.find(it.plans, {who}, it.found.size() + 1),
          [&it, who](Result<Standing> standing) { it.found.emplace_back(who, standing->version); });
  });
  EXPECT_EQ(it.found.size(), 1U);
  it.world.time.run([&] { it.standings.settled(it.plans); });
  ASSERT_EQ(it.found.size(), 3U);
  EXPECT_LT(it.found[0].second, it.found[1].second);
  EXPECT_EQ(it.found[1].second, it.found[2].second);
}

}  // namespace
}  // namespace parley::engine
