#include "dialects/pulse/incoming.h"

#include <gtest/gtest.h>

#include "engine/world.h"

namespace parley::pulse {
namespace {

constexpr const char* users = "user_events";
constexpr const char* notifications = "notification_events";

struct Platform {
  engine::World world;
  std::shared_ptr<Cache> cache = std::make_shared<Cache>(world.time);
  Incoming incoming{world.engine, cache};
  std::vector<std::string> told;

  Platform() {
    world.bus.observe([this](const Signal& signal) { told.push_back(signal.details); });
  }
  Result<void> take(const char* exchange, std::string body) {
    return world.run(incoming.take(exchange, std::move(body)));
  }
  std::optional<Profile> profile(const std::string& user) {
    auto known = world.run(cache->of(world.engine, {{user}}));
    auto at = known->find({user});
    return at == known->end() ? std::nullopt : std::optional(at->second);
  }
};

TEST(Incoming, what_is_told_of_a_user_is_known_bare_or_inside_data) {
  Platform it;
  EXPECT_FALSE(it.profile("u1"));
  ASSERT_TRUE(it.take(users, R"({"user_id":"u1","username":"anna","verified":true})"));
  ASSERT_TRUE(it.take(
      users, R"({"type":"user.updated","data":{"user_id":"u1","display_name":"Anna A."}})"));
  const auto anna = it.profile("u1");
  ASSERT_TRUE(anna);
  EXPECT_EQ(anna->username, "anna");
  EXPECT_EQ(anna->display_name, "Anna A.");
  EXPECT_TRUE(anna->verified);
}

TEST(Incoming, what_is_older_than_what_is_known_changes_nothing) {
  Platform it;
  const std::string early =
      R"({"timestamp":"2026-01-01T00:00:00Z","data":{"user_id":"u1","username":"early"}})";
  const std::string late =
      R"({"timestamp":"2026-01-02T00:00:00Z","data":{"user_id":"u1","username":"late"}})";
  for (const std::string& told : {early, late, early, late, early})
    ASSERT_TRUE(it.take(users, told));
  EXPECT_EQ(it.profile("u1")->username, "late");
}

TEST(Incoming, a_name_is_kept_in_the_store) {
  Platform it;
  ASSERT_TRUE(it.take(users, R"({"user_id":"u1","username":"anna"})"));
  auto fresh = it.world.run(Cache(it.world.time).of(it.world.engine, {{"u1"}, {"u2"}}));
  ASSERT_EQ(fresh->size(), 1U);
  EXPECT_EQ(fresh->begin()->second.username, "anna");
}

TEST(Incoming, a_notification_is_told_once) {
  Platform it;
  const std::string one =
      R"({"type":"notification.created","data":{"_id":"n1","recipient_id":"u1","title":"Hello"}})";
  ASSERT_TRUE(it.take(notifications, one));
  ASSERT_TRUE(it.take(notifications, one));
  EXPECT_EQ(it.told,
            std::vector<std::string>{R"({"_id":"n1","recipient_id":"u1","title":"Hello"})"});
  ASSERT_TRUE(
      it.take(notifications, R"({"type":"notification.read","data":{"recipient_id":"u1"}})"));
  EXPECT_EQ(it.told.size(), 1U);
}

TEST(Incoming, what_can_never_be_taken_is_no_reason_to_wait) {
  Platform it;
  for (const char* body : {"", "junk", "[]", "{}", R"({"data":[]})", R"({"data":{"user_id":5}})",
                           R"({"user_id":"u1"})", R"({"user_id":"","username":"x"})",
                           "{\"user_id\":\"\xff\",\"username\":\"x\"}"}) {
    const auto taken = it.take(users, body);
    ASSERT_FALSE(taken) << body;
    EXPECT_NE(taken.error().code, Code::unavailable) << body;
  }
  for (const char* body : {"", "junk", "[]", "{}", R"({"type":"notification.created"})",
                           R"({"type":"notification.created","data":{"recipient_id":7}})"}) {
    const auto taken = it.take(notifications, body);
    ASSERT_FALSE(taken) << body;
    EXPECT_NE(taken.error().code, Code::unavailable) << body;
  }
  EXPECT_TRUE(it.told.empty());
}

}  // namespace
}  // namespace parley::pulse
