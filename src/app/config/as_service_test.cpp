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
                                                {"ADMIN_OPEN", "1"},
                                                {"WS_PUBLIC_URL", "wss://chat.example.com"},
                                                {"REDIS_URL", "cache:6379"},
                                                {"REDIS_PASSWORD", "p@ss"},
                                                {"AGENT_URL", "http://agent:8082"},
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
  EXPECT_TRUE(settings->dinq_admin_open);
  EXPECT_EQ(settings->dinq_ws_url, "wss://chat.example.com/ws");
  EXPECT_EQ(settings->redis, "redis://:p%40ss@cache:6379/0");
  EXPECT_EQ(settings->dinq_profiles_url, "http://agent:8082");
  EXPECT_THAT(settings->notices, SizeIs(1));
}

TEST_F(AsService, echo_and_messaging_are_started_by_all_of_their_variables) {
  const auto echo = load({"--as", "echo"}, {{"JWT_SECRET_KEY", "x"},
                                            {"JWT_ISSUER", "us"},
                                            {"JWT_AUDIENCE", "chat"},
                                            {"REDIS_HOST", "cache"},
                                            {"REDIS_PASSWORD", "p@ss"},
                                            {"REDIS_DB", "3"},
                                            {"WS_FRAME_STYLE", "flat"},
                                            {"WS_MAX_MESSAGE_SIZE", "65536"},
                                            {"WS_CLIENT_BUFFER_SIZE", "64"},
                                            {"WS_PONG_WAIT", "60s"},
                                            {"LIMIT_MAX_MESSAGE_LENGTH", "500"},
                                            {"RETENTION_DAYS", "90"},
                                            {"ANALYTICS_ENABLED", "true"},
                                            {"KAFKA_TOPIC_ANALYTICS", "figures"},
                                            {"DB_MAX_OPEN_CONNS", "1000"}});
  ASSERT_TRUE(echo) << echo.error().detail;
  EXPECT_EQ(echo->echo_jwt_issuer, "us");
  EXPECT_EQ(echo->echo_jwt_audience, "chat");
  EXPECT_EQ(echo->redis, "redis://:p%40ss@cache:6379/3");
  EXPECT_TRUE(echo->echo_flat_frames);
  EXPECT_EQ(echo->echo_message_limit, 65'536U);
  EXPECT_EQ(echo->echo_client_buffer, 64U);
  EXPECT_EQ(echo->heartbeat, std::chrono::seconds{30});
  EXPECT_EQ(echo->echo_text_limit, 500U);
  EXPECT_EQ(echo->retention_days, 90U);
  EXPECT_THAT(echo->notices, SizeIs(1));  // the key is short
  EXPECT_TRUE(echo->echo_analytics);
  EXPECT_EQ(echo->echo_topic_analytics, "figures");
  EXPECT_EQ(echo->store_readers, 256U);
  EXPECT_EQ(load({"--as", "echo"},
                 {{"JWT_SECRET_KEY", "x"}, {"REDIS_HOST", "cache"}, {"CACHE_ENABLED", "false"}})
                ->redis,
            "");
  const auto messaging =
      load({"--as", "messaging"}, {{"MESSAGING_AUTH_JWT_SECRET", "x"},
                                   {"MESSAGING_AUTH_TOKEN_EXPIRY", "2h"},
                                   {"MESSAGING_REDIS_HOST", "cache"},
                                   {"MESSAGING_REDIS_PORT", "6380"},
                                   {"MESSAGING_SERVER_WEBSOCKET_PATH", "/live"},
                                   {"MESSAGING_RATE_LIMIT_FRAMES_PER_MINUTE", "0"}});
  ASSERT_TRUE(messaging) << messaging.error().detail;
  EXPECT_EQ(messaging->messaging_token_ttl, std::chrono::hours{2});
  EXPECT_EQ(messaging->redis, "redis://cache:6380/0");
  EXPECT_EQ(messaging->messaging_websocket_path, "/live");
  EXPECT_EQ(messaging->messaging_frames_limit.per_second, 0);
}

TEST_F(AsService, echo_without_a_key_needs_a_trusted_peer) {
  const auto refused = load({"--as", "echo"}, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("JWT_SECRET_KEY"));
  EXPECT_TRUE(load({"--as", "echo"}, {{"TRUSTED_PROXY_1", "10.0.0.0/8"}}));
}

TEST_F(AsService, brokers_are_named_as_those_services_name_them) {
  const auto echo = load({"--as", "echo"}, {{"JWT_SECRET_KEY", "x"},
                                            {"KAFKA_BROKERS", "one:9092,two:9092"},
                                            {"KAFKA_COMPRESSION", "snappy"},
                                            {"KAFKA_TOPIC", "said"}});
  ASSERT_TRUE(echo) << echo.error().detail;
  EXPECT_THAT(echo->events, testing::ElementsAre("kafka://one:9092;two:9092?compression=snappy"));
  EXPECT_EQ(echo->echo_topic_messages, "said");
  EXPECT_EQ(echo->echo_topic_notifications, "notifications");
  const auto messaging =
      load({"--as", "messaging"},
           {{"MESSAGING_AUTH_JWT_SECRET", "x"}, {"MESSAGING_NATS_URL", "nats://a:1,nats://b:2"}});
  ASSERT_TRUE(messaging) << messaging.error().detail;
  EXPECT_THAT(messaging->events, testing::ElementsAre("nats://a:1;nats://b:2"));
}

TEST_F(AsService, files_are_kept_where_those_services_keep_them) {
  const auto dinq = load({"--as", "dinq"}, {{"JWT_SECRET", "x"},
                                            {"OSS_ENDPOINT", "http://oss:9000/"},
                                            {"OSS_BUCKET", "chat"},
                                            {"OSS_ACCESS_KEY_ID", "key"},
                                            {"OSS_ACCESS_KEY_SECRET", "a/b"}});
  ASSERT_TRUE(dinq) << dinq.error().detail;
  EXPECT_EQ(dinq->files, "s3://key:a%2Fb@oss:9000/chat?region=us-east-1&plain=on");
  const auto messaging = load({"--as", "messaging"}, {{"MESSAGING_AUTH_JWT_SECRET", "x"},
                                                      {"MESSAGING_STORAGE_TYPE", "local"},
                                                      {"MESSAGING_STORAGE_PATH", "./uploads"},
                                                      {"MESSAGING_STORAGE_MAX_FILE_SIZE", "2048"}});
  ASSERT_TRUE(messaging) << messaging.error().detail;
  EXPECT_EQ(messaging->files, "./uploads");
  EXPECT_EQ(messaging->messaging_file_limit, 2048U);
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

TEST_F(AsService, echo_has_its_database_in_pieces) {
  const auto settings =
      load({"--as", "echo"}, {{"JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef"},
                              {"SERVER_HOST", "127.0.0.1"},
                              {"DB_HOST", "db"},
                              {"DB_USER", "me"},
                              {"DB_PASSWORD", "p@ss/word"},
                              {"TRUSTED_PROXY_1", "10.0.0.0/8"},
                              {"TRUSTED_PROXY_2", "10.1.0.1"},
                              {"RATE_LIMIT_RPM", "90"}});
  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->listen.front(), (Listen{"127.0.0.1", 8083, "echo"}));
  EXPECT_EQ(settings->store.where, "postgres://me:p%40ss%2Fword@db:5432/echo_backend");
  EXPECT_THAT(settings->echo_trusted, testing::ElementsAre("10.0.0.0/8", "10.1.0.1"));
  EXPECT_EQ(settings->echo_rate_limit.per_second, 2);
  EXPECT_EQ(settings->echo_rate_limit.burst, 90);
  EXPECT_TRUE(settings->notices.empty());
}

TEST_F(AsService, messaging_has_a_file_of_its_own_and_its_variables_win) {
  std::ofstream(folder / "config.yaml")
      << "server:\n  http_port: 9100\n  allowed_origins: [https://a.example, https://b.example]\n"
         "auth:\n  jwt_secret: 0123456789abcdef0123456789abcdef\nwebsocket:\n  legacy_receipts: "
         "true\n";
  const auto settings = load({"--as", "messaging"}, {{"MESSAGING_SERVER_HTTP_PORT", "9101"}});
  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->listen.front(), (Listen{"0.0.0.0", 9101, "messaging"}));
  EXPECT_THAT(settings->messaging_origins,
              testing::ElementsAre("https://a.example", "https://b.example"));
  EXPECT_TRUE(settings->messaging_legacy_receipts);
  EXPECT_EQ(settings->jwt_secret, "0123456789abcdef0123456789abcdef");
  std::ofstream(folder / "config.yaml") << "server: [";
  EXPECT_THAT(load({"--as", "messaging"}, {}).error().detail, HasSubstr("is not YAML"));
  EXPECT_THAT(load({"--as", "messaging"}, {{"CONFIG_PATH", "nowhere.yaml"}}).error().detail,
              HasSubstr("nowhere.yaml"));
}

TEST_F(AsService, pulse_and_rtchat_need_their_secret_and_take_their_limits_from_two_variables) {
  const std::pair<std::string, std::string> secret{"JWT_SECRET", "your-jwt-secret"};
  const auto pulse = load({"--as", "pulse"}, {secret, {"RATE_LIMIT_BURST", "7"}});
  ASSERT_TRUE(pulse) << pulse.error().detail;
  EXPECT_EQ(pulse->listen.front(), (Listen{"0.0.0.0", 8084, "pulse"}));
  EXPECT_EQ(pulse->pulse_rate_limit.per_second, 50);
  EXPECT_EQ(pulse->pulse_rate_limit.burst, 7);
  const auto rtchat = load({"--as", "rtchat"}, {secret,
                                                {"CONNECTIONS_RPS", "9"},
                                                {"MAX_CONTENT_BYTES", "1000"},
                                                {"RETRY_ATTEMPTS", "7"},
                                                {"ALLOWED_ORIGINS", "https://a.example"}});
  ASSERT_TRUE(rtchat) << rtchat.error().detail;
  EXPECT_EQ(rtchat->listen.front(), (Listen{"0.0.0.0", 8080, "rtchat"}));
  EXPECT_EQ(rtchat->rtchat_connections_limit.burst, 18);
  EXPECT_EQ(rtchat->rtchat_content, 1000U);
  EXPECT_EQ(rtchat->rtchat_retries, 7U);
  EXPECT_THAT(rtchat->notices, SizeIs(1));
  for (const char* name : {"pulse", "rtchat"})
    EXPECT_THAT(load({"--as", name}, {}).error().detail, HasSubstr("JWT_SECRET: is needed"));
  EXPECT_THAT(load({"--as", "rtchat"}, {secret, {"RATE_LIMIT_RPS", "many"}}).error().detail,
              HasSubstr("RATE_LIMIT_RPS"));
  EXPECT_THAT(load({"--as", "rtchat"}, {secret, {"RETRY_ATTEMPTS", "0"}}).error().detail,
              HasSubstr("RETRY_ATTEMPTS"));
}

TEST_F(AsService, mongodb_is_found_where_pulse_and_rtchat_keep_it) {
  const std::pair<std::string, std::string> secret{"JWT_SECRET", "your-jwt-secret"};
  auto store = [&](const char* name, Environment theirs) {
    theirs.insert(secret);
    const auto settings = load({"--as", name}, theirs);
    return settings ? settings->store.where : settings.error().detail;
  };
  EXPECT_EQ(store("rtchat", {{"MONGO_URI", "mongodb://localhost:27017"}}),
            "mongodb://localhost:27017/chatdb");
  EXPECT_EQ(store("rtchat", {{"MONGO_URI", "mongodb://a:1,b:2/?replicaSet=r"}, {"MONGO_DB", "x"}}),
            "mongodb://a:1,b:2/x?replicaSet=r");
  EXPECT_EQ(store("pulse", {{"MONGODB_URL", "mongodb://u:p@h"}}),
            "mongodb://u:p@h/messaging_db?authSource=admin");
  EXPECT_EQ(store("pulse",
                  {{"MONGODB_URL", "mongodb://u:p@h/people?tls=true"}, {"MONGODB_NAME", "mine"}}),
            "mongodb://u:p@h/mine?tls=true&authSource=people");
  EXPECT_THAT(store("pulse", {{"MONGODB_URL", "localhost"}}), HasSubstr("MONGODB_URL"));
  const auto rtchat = load({"--as", "rtchat"}, {secret, {"MONGO_COLLECTION", "said"}});
  ASSERT_TRUE(rtchat) << rtchat.error().detail;
  EXPECT_EQ(rtchat->mongo_messages, "said");
  EXPECT_EQ(rtchat->store.kind, StoreKind::sqlite);
  EXPECT_THAT(
      load({"--as", "rtchat"}, {secret, {"MONGO_COLLECTION", "conversations"}}).error().detail,
      HasSubstr("MONGO_COLLECTION"));
}

}  // namespace
}  // namespace parley::config
