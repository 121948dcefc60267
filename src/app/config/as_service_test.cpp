#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "app/config/settings.h"

namespace parley::config {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// In a folder of its own, where a .env may be.
struct AsService : testing::Test {
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("parley-as-" + std::to_string(::getpid()));
  AsService() {
    std::filesystem::create_directories(folder);
    std::filesystem::current_path(folder);
  }
  ~AsService() override {
    std::filesystem::current_path(before);
    std::filesystem::remove_all(folder);
  }
};

TEST_F(AsService, dinq_is_started_by_its_own_variables) {
  const auto settings = load({"--as", "dinq"}, {{"JWT_SECRET", "short"},
                                                {"PORT", "9001"},
                                                {"MAX_VIDEO_SIZE_MB", "7"},
                                                {"RECALL_WINDOW_SECONDS", "60"},
                                                {"HEARTBEAT_TIMEOUT_SECONDS", "60"},
                                                {"ADMIN_USER_IDS", "a,b"},
                                                {"DINQ_HISTORY_ORDER", "asc"}});
  ASSERT_TRUE(settings) << settings.error().detail;
  ASSERT_THAT(settings->listen, SizeIs(1));
  EXPECT_EQ(settings->listen.front(), (Listen{"0.0.0.0", 9001, "dinq"}));
  EXPECT_EQ(settings->jwt_secret, "short");
  EXPECT_EQ(settings->dinq_video_mb, 7U);
  EXPECT_EQ(settings->dinq_recall_window, std::chrono::seconds{60});
  EXPECT_EQ(settings->heartbeat, std::chrono::seconds{30});
  EXPECT_THAT(settings->dinq_admins, testing::ElementsAre("a", "b"));
  EXPECT_TRUE(settings->dinq_oldest_first);
  EXPECT_THAT(settings->notices, SizeIs(1));
}

TEST_F(AsService, the_env_file_is_read_and_real_variables_win) {
  std::ofstream(folder / ".env") << "# ours\nexport JWT_SECRET='from the file'\nPORT = 9002\n";
  const auto settings = load({"--as=dinq"}, {{"PORT", "9003"}});
  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->jwt_secret, "from the file");
  EXPECT_EQ(settings->listen.front().port, 9003);
}

TEST_F(AsService, a_flag_of_ours_wins_and_junk_is_refused_by_its_name) {
  const auto settings =
      load({"--as", "dinq", "--listen", "127.0.0.1:1=dinq"}, {{"JWT_SECRET", "x"}});
  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->listen.front().port, 1);
  const auto junk = load({"--as", "dinq"}, {{"JWT_SECRET", "x"}, {"MAX_VIDEO_SIZE_MB", "big"}});
  ASSERT_FALSE(junk);
  EXPECT_THAT(junk.error().detail, HasSubstr("MAX_VIDEO_SIZE_MB"));
  EXPECT_THAT(load({"--as", "irc"}, {}).error().detail, HasSubstr("irc"));
}

}  // namespace
}  // namespace parley::config
