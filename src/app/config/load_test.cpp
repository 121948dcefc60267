#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/config/settings.h"

namespace parley::config {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string secret = "0123456789abcdef0123456789abcdef";
const Environment keyed{{"PARLEY_JWT_SECRET", secret}};

// Why the start is refused; empty if it is not.
std::string refusal(const Arguments& arguments, const Environment& environment = {}) {
  auto settings = load(arguments, environment);
  if (settings) return "";
  EXPECT_EQ(settings.error().code, Code::bad_request);
  return settings.error().detail;
}

Settings good(const Arguments& arguments, const Environment& environment = {}) {
  auto settings = load(arguments, environment);
  EXPECT_TRUE(settings) << settings.error().detail;
  return settings ? *settings : defaults();
}

class OptionsFile {
 public:
  explicit OptionsFile(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "parley-config-XXXXXX").string();
    int file = ::mkstemp(name.data());
    ::close(file);
    path = name;
    write(text);
  }
  ~OptionsFile() { std::filesystem::remove(path); }
  OptionsFile(const OptionsFile&) = delete;
  OptionsFile& operator=(const OptionsFile&) = delete;
  void write(const std::string& text) const { std::ofstream(path) << text; }
  [[nodiscard]] Arguments arguments(Arguments more = {}) const {
    more.insert(more.begin(), {"--config", path});
    return more;
  }
  std::string path;
};

TEST(Config, without_anything_it_is_what_one_tries_first) {
  Settings settings = good({});
  EXPECT_EQ(settings.data, "./parley-data");
  EXPECT_EQ(settings.store, (StoreAt{StoreKind::sqlite, "./parley-data/parley.db"}));
  EXPECT_THAT(settings.listen, ElementsAre(Listen{"127.0.0.1", 8080, "native"}));
  EXPECT_THAT(settings.user_claims, ElementsAre("sub", "user_id", "id"));
  EXPECT_EQ(settings.header_limit, 16U * 1024);
  EXPECT_EQ(settings.body_limit, 1024U * 1024);
  EXPECT_EQ(settings.message_limit, 1024U * 1024);
  EXPECT_EQ(settings.heartbeat, 25s);
  EXPECT_EQ(settings.store_timeout, 5s);
  EXPECT_EQ(settings.drain_timeout, 10s);
  EXPECT_EQ(settings.rate_limit.per_second, 200);
  EXPECT_EQ(settings.rate_limit.burst, 2'000);
  EXPECT_EQ(settings.commit_queue, 65'536U);
  EXPECT_EQ(settings.group_size_limit, 1'000U);
  EXPECT_EQ(settings.retention_days, 0U);
  EXPECT_THAT(settings.cors_origins, ElementsAre("*"));
  EXPECT_GE(settings.loops, 1U);
  EXPECT_FALSE(settings.has_keys());
}

TEST(Config, a_flag_goes_before_a_variable_and_that_before_the_file) {
  OptionsFile file("queue-limit: 3MiB\nheartbeat: 30s\nloops: 3\n");
  Environment environment{{"PARLEY_QUEUE_LIMIT", "4MiB"}, {"PARLEY_HEARTBEAT", "40s"}};
  Settings settings = good(file.arguments({"--queue-limit", "5MiB"}), environment);
  EXPECT_EQ(settings.queue_limit, 5U << 20);
  EXPECT_EQ(settings.heartbeat, 40s);
  EXPECT_EQ(settings.loops, 3U);
  EXPECT_EQ(settings.file, file.path);
}

TEST(Config, flags_take_their_value_behind_a_space_or_an_equals_sign) {
  EXPECT_EQ(good({"--data", "/a"}).data, "/a");
  EXPECT_EQ(good({"--data=/a=b"}).data, "/a=b");
  EXPECT_EQ(good({"--data=--odd"}).data, "--odd");
  EXPECT_EQ(good({"--data", "/a", "--data", "/b"}).data, "/b");
  EXPECT_EQ(refusal({"--data"}), "--data: needs a value: --data DIR");
  EXPECT_EQ(refusal({"--data", "--loops", "2"}), "--data: needs a value: --data DIR");
  EXPECT_EQ(refusal({"--config"}), "--config: needs a value: --config FILE");
  EXPECT_EQ(refusal({"--data="}), "--data: \"\" is empty");
  EXPECT_THAT(refusal({"serve"}), HasSubstr("\"serve\": is no option"));
  EXPECT_THAT(refusal({"-d", "x"}), HasSubstr("\"-d\": is no option"));
  EXPECT_NE(refusal({"--"}), "");
  EXPECT_NE(refusal({""}), "");
}

TEST(Config, an_unknown_option_is_refused_with_what_was_probably_meant) {
  EXPECT_EQ(refusal({"--quue-limit", "1MiB"}),
            "--quue-limit: there is no such option; did you mean --queue-limit?");
  EXPECT_THAT(refusal({"--jwt", "x"}), HasSubstr("did you mean --jwt-secret?"));
  EXPECT_THAT(refusal({"--frobnicate"}), HasSubstr("parley serve --help"));
  EXPECT_EQ(refusal({}, {{"PARLEY_QEUE_LIMIT", "1MiB"}}),
            "PARLEY_QEUE_LIMIT: there is no such variable; did you mean PARLEY_QUEUE_LIMIT?");
  EXPECT_THAT(refusal({}, {{"PARLEY_queue_limit", "1MiB"}}),
              HasSubstr("did you mean PARLEY_QUEUE_LIMIT?"));
  EXPECT_THAT(refusal({}, {{"PARLEY_QUEUE-LIMIT", "1MiB"}}),
              HasSubstr("did you mean PARLEY_QUEUE_LIMIT?"));
  EXPECT_THAT(refusal({}, {{"PARLEY_", "1"}}), HasSubstr("no such variable"));
  OptionsFile file("data: /a\n\nheart_beat: 25s\n");
  EXPECT_EQ(refusal(file.arguments()),
            file.path + ":3: heart_beat: there is no such option; did you mean heartbeat?");
}

TEST(Config, variables_of_others_are_left_alone) {
  Environment of_kubernetes{{"PARLEY_SERVICE_HOST", "10.0.0.1"},
                            {"PARLEY_SERVICE_PORT", "8080"},
                            {"PARLEY_SERVICE_PORT_HTTP", "8080"},
                            {"PARLEY_PORT", "tcp://10.0.0.1:8080"},
                            {"PARLEY_PORT_8080_TCP", "tcp://10.0.0.1:8080"},
                            {"PARLEY_PORT_8080_TCP_ADDR", "10.0.0.1"},
                            {"PARLEY_WEB_SERVICE_HOST", "10.0.0.2"},
                            {"PARLEY_WEB_PORT", "tcp://10.0.0.2:80"}};
  EXPECT_EQ(refusal({}, of_kubernetes), "");
  EXPECT_EQ(
      refusal({}, {{"PATH", "/bin"}, {"NOT_PARLEY_DATA", "x"}, {"PARLEY_TEST_POSTGRES", "x"}}), "");
  EXPECT_NE(refusal({}, {{"PARLEY_PORT", "8080"}}), "");
}

TEST(Config, an_empty_variable_counts_as_not_given) {
  EXPECT_EQ(
      good({}, {{"PARLEY_JWT_SECRET", ""}, {"PARLEY_LOOPS", ""}, {"PARLEY_CONFIG", ""}}).jwt_secret,
      "");
}

TEST(Config, all_that_is_wrong_is_told_at_once_with_its_place) {
  OptionsFile file("data: /a\nloops: many\nlisten: [1, x]\n");
  std::string reasons = refusal(file.arguments({"--queue-limit", "12"}),
                                {{"PARLEY_HEARTBEAT", "25"}, {"PARLEY_LOG_LEVEL", "loud"}});
  EXPECT_EQ(reasons,
            file.path + ":2: loops: \"many\" is not a whole number\n" + file.path +
                ":3: listen: \"x\" has no port from 0 to 65535; write 8080, 127.0.0.1:8080 or "
                "[::1]:8080\n"
                "PARLEY_HEARTBEAT: \"25\" is not a duration; write it with its unit, like 250ms, "
                "10s, 2m or "
                "24h\n"
                "PARLEY_LOG_LEVEL: \"loud\" is none of debug|info|warn|error\n"
                "--queue-limit: \"12\" must be 64KiB to 1GiB");
}

TEST(Config, a_wrong_value_is_told_even_if_another_place_wins) {
  EXPECT_THAT(refusal({"--loops", "2"}, {{"PARLEY_LOOPS", "0"}}),
              HasSubstr("PARLEY_LOOPS: \"0\" must be 1 to 1024"));
}

TEST(Config, a_secret_is_never_shown) {
  EXPECT_EQ(refusal({}, {{"PARLEY_JWT_SECRET", "short-and-secret"}}),
            "PARLEY_JWT_SECRET: the value (not shown) must be at least 32 bytes long");
  EXPECT_THAT(refusal({"--jwt-secret=short-and-secret"}), Not(HasSubstr("short-and-secret")));
  EXPECT_THAT(refusal({"--store", "mysql://user:password@host/db"}),
              AllOf(HasSubstr("is no store"), Not(HasSubstr("password"))));
  EXPECT_THAT(refusal({"--jwks", "ftp://user:password@host"}), Not(HasSubstr("password")));
  EXPECT_THAT(refusal({"--store", "mysql"}), HasSubstr("\"mysql\""));
}

TEST(Config, without_keys_only_loopback_is_served) {
  for (const char* here :
       {"9000", "127.0.0.1:9000", "127.1.2.3:9000", "[::1]:9000", "localhost:9000"})
    EXPECT_EQ(refusal({"--listen", here}), "") << here;
  for (const char* open : {"0.0.0.0:9000", "192.168.1.1:9000", "[::]:9000"})
    EXPECT_THAT(refusal({"--listen", open}), AllOf(HasSubstr(open), HasSubstr("PARLEY_JWT_SECRET")))
        << open;
  EXPECT_EQ(refusal({"--listen", "0.0.0.0:9000"}, keyed), "");
  EXPECT_EQ(refusal({"--listen", "0.0.0.0:9000", "--jwks", "keys.json"}), "");
}

TEST(Config, with_keys_every_address_is_served_unless_one_is_named) {
  EXPECT_THAT(good({}, keyed).listen, ElementsAre(Listen{"0.0.0.0", 8080, "native"}));
  EXPECT_THAT(good({"--listen", "9000"}, keyed).listen,
              ElementsAre(Listen{"0.0.0.0", 9000, "native"}));
  EXPECT_THAT(good({"--listen", "127.0.0.1:9000"}, keyed).listen,
              ElementsAre(Listen{"127.0.0.1", 9000, "native"}));
}

TEST(Config, listen_may_be_given_several_times) {
  Listen one{"127.0.0.1", 1, "native"}, two{"::1", 2, "native"};
  EXPECT_THAT(good({"--listen", "1", "--listen=[::1]:2=native"}).listen, ElementsAre(one, two));
  EXPECT_THAT(good({"--listen", "1, [::1]:2"}).listen, ElementsAre(one, two));
  EXPECT_THAT(good({}, {{"PARLEY_LISTEN", "1,[::1]:2"}}).listen, ElementsAre(one, two));
  OptionsFile file("listen:\n  - 1\n  - '[::1]:2'\n");
  EXPECT_THAT(good(file.arguments()).listen, ElementsAre(one, two));
  // A place replaces those that it wins over, it doesn't add to them.
  EXPECT_THAT(good(file.arguments({"--listen", "1"})).listen, ElementsAre(one));
  EXPECT_THAT(refusal({"--listen", "1,1"}), HasSubstr("127.0.0.1:1 is given twice"));
  EXPECT_EQ(refusal({"--listen", "0,0"}), "");
}

TEST(Config, an_address_is_one) {
  for (const char* bad : {"", ",", "x", "65536", "-1", "1:2:3", "::1:80", "[::1]", "[127.0.0.1]:80",
                          "example.org:80", ":80", "256.0.0.1:80", "80=", "80=irc"})
    EXPECT_NE(refusal({"--listen", bad}), "") << bad;
  EXPECT_THAT(refusal({"--listen", "8080=irc"}), HasSubstr("pulse and rtchat"));
  EXPECT_EQ(good({"--listen", "0"}).listen.front().port, 0);
}

TEST(Config, stores_are_named_by_their_kind) {
  EXPECT_EQ(good({"--data", "/d"}).store.where, "/d/parley.db");
  EXPECT_EQ(good({"--data", "/d", "--store", "sqlite"}).store.where, "/d/parley.db");
  EXPECT_EQ(good({"--store", "sqlite:/x/y.db"}).store.where, "/x/y.db");
  EXPECT_EQ(good({"--store", "memory:"}).store.kind, StoreKind::memory);
  EXPECT_EQ(good({"--store", "postgres://u:p@h/d"}).store,
            (StoreAt{StoreKind::postgres, "postgres://u:p@h/d"}));
  EXPECT_EQ(good({"--store", "mongodb://u:p@h/d"}).store,
            (StoreAt{StoreKind::mongo, "mongodb://u:p@h/d"}));
  for (const char* bad :
       {"sqlite:", "postgres://", "mongodb:", "mongodb://", "oracle", "/some/file"})
    EXPECT_NE(refusal({"--store", bad}), "") << bad;
}

TEST(Config, rates_have_a_speed_and_a_burst) {
  auto rate = [](const char* text) { return good({"--rate-limit", text}).rate_limit; };
  EXPECT_EQ(rate("off").per_second, 0);
  EXPECT_EQ(rate("50").per_second, 50);
  EXPECT_EQ(rate("50").burst, 500);
  EXPECT_EQ(rate("50/s:7").per_second, 50);
  EXPECT_EQ(rate("50/s:7").burst, 7);
  for (const char* bad :
       {"0", "0/s", "5/m", "5:0", "5/s:", ":5", "-5", "5:5:5", "99999999999999999999"})
    EXPECT_NE(refusal({"--rate-limit", bad}), "") << bad;
}

TEST(Config, lists_are_split_at_commas) {
  EXPECT_THAT(good({"--user-claims", "id, sub"}).user_claims, ElementsAre("id", "sub"));
  EXPECT_THAT(refusal({"--user-claims", "id,,sub"}), HasSubstr("is empty"));
  EXPECT_THAT(good({"--cors-origins", "https://a.example,http://localhost:3000"}).cors_origins,
              ElementsAre("https://a.example", "http://localhost:3000"));
  for (const char* bad : {"a.example", "https://a.example/", "https://", "https://a.example/path"})
    EXPECT_THAT(refusal({"--cors-origins", bad}), HasSubstr("is not an origin")) << bad;
}

TEST(Config, what_is_wrong_only_together_is_refused) {
  EXPECT_THAT(refusal({"--tls-cert", "a"}), HasSubstr("needed together"));
  EXPECT_THAT(refusal({"--tls-key", "a"}), HasSubstr("needed together"));
  EXPECT_EQ(refusal({"--tls-cert", "a", "--tls-key", "b"}), "");
  EXPECT_THAT(refusal({"--queue-limit", "512KiB"}), HasSubstr("less than message-limit (1MiB)"));
}

TEST(Config, names_in_the_file_may_have_underscores) {
  OptionsFile file("queue_limit: 3MiB\nlog-level: debug\nlog_format: json\nlisten: 9000\n");
  Settings settings = good(file.arguments());
  EXPECT_EQ(settings.queue_limit, 3U << 20);
  EXPECT_EQ(settings.log_level, log::Level::debug);
  EXPECT_EQ(settings.log_format, log::Format::json);
  EXPECT_EQ(settings.listen.front().port, 9000);
}

TEST(Config, a_file_that_is_wrong_is_refused_with_its_line) {
  auto reason = [](const std::string& text) {
    OptionsFile file(text);
    std::string reasons = refusal(file.arguments());
    EXPECT_THAT(reasons, testing::StartsWith(file.path)) << text;
    return reasons.size() < file.path.size() ? "" : reasons.substr(file.path.size());
  };
  EXPECT_THAT(reason("data: /a\nloops: [1\n"), HasSubstr("is not YAML"));
  EXPECT_THAT(reason("data: /a\n\tloops: 1\n"), HasSubstr(":2: is not YAML"));
  EXPECT_THAT(reason("- data\n"), HasSubstr(":1: must be"));
  EXPECT_THAT(reason("data\n"), HasSubstr(":1: must be"));
  EXPECT_THAT(reason("data:\n"), HasSubstr(":1: data: must be DIR"));
  EXPECT_THAT(reason("data: ''\n"), HasSubstr(":1: data: \"\" is empty"));
  EXPECT_THAT(reason("a: 1\n---\nb: 2\n"), HasSubstr("several documents"));
  EXPECT_THAT(reason("loops: 1\nloops: 2\n"),
              AllOf(HasSubstr(":2: loops: is given twice"), HasSubstr(":1: loops")));
  EXPECT_THAT(reason("queue-limit: 2MiB\nqueue_limit: 2MiB\n"), HasSubstr("given twice"));
  EXPECT_THAT(reason("limits:\n  loops: 1\n"), HasSubstr("no such option"));
  EXPECT_THAT(reason("loops: {a: 1}\n"), HasSubstr(":1: loops: must be N"));
  EXPECT_THAT(reason("loops: [1]\n"), HasSubstr(":1: loops: must be N"));
  EXPECT_THAT(reason("listen: []\n"), HasSubstr("empty list"));
  EXPECT_THAT(reason("listen: [[1]]\n"), HasSubstr("list of texts"));
  EXPECT_THAT(reason("? [a]\n: b\n"), HasSubstr("no text"));
  EXPECT_THAT(reason("config: other.yaml\n"), HasSubstr("can't name another"));
  EXPECT_THAT(reason("data: *nowhere\n"), HasSubstr("is not YAML"));
}

TEST(Config, an_empty_file_says_nothing) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n"})
    EXPECT_EQ(refusal(OptionsFile(text).arguments()), "") << text;
}

TEST(Config, a_file_that_is_not_there_is_refused) {
  EXPECT_EQ(refusal({"--config", "/nowhere/parley.yaml"}),
            "/nowhere/parley.yaml: can't be read: No such file or directory");
  EXPECT_EQ(refusal({"--config", "/tmp"}), "/tmp: is a folder, not a file");
  EXPECT_THAT(refusal({}, {{"PARLEY_CONFIG", "/nowhere/parley.yaml"}}), HasSubstr("can't be read"));
}

TEST(Config, reload_takes_what_is_live_and_names_what_waits) {
  OptionsFile file("log-level: info\nqueue-limit: 2MiB\n");
  Settings running = good(file.arguments());
  file.write("log-level: debug\nqueue-limit: 3MiB\nheartbeat: 25s\n");
  auto reloaded = reload(running, file.arguments(), {});
  ASSERT_TRUE(reloaded);
  EXPECT_EQ(reloaded->settings.log_level, log::Level::debug);
  EXPECT_EQ(reloaded->settings.queue_limit, 2U << 20);
  EXPECT_THAT(reloaded->need_restart, ElementsAre("queue-limit"));

  file.write("log-level: loud\n");
  EXPECT_FALSE(reload(running, file.arguments(), {}));
}

TEST(Config, reload_without_changes_names_nothing) {
  Arguments arguments{"--listen", "1,[::1]:2", "--rate-limit", "7/s:9", "--store", "sqlite:/x"};
  EXPECT_THAT(reload(good(arguments, keyed), arguments, keyed)->need_restart, IsEmpty());
}

TEST(Config, the_environment_is_read_from_the_process) {
  const char* const environ[] = {"A=b", "C=d=e", "F=", "=odd", "none", nullptr};
  Environment variables = environment_of(environ);
  EXPECT_EQ(variables.at("A"), "b");
  EXPECT_EQ(variables.at("C"), "d=e");
  EXPECT_EQ(variables.at("F"), "");
  EXPECT_FALSE(variables.contains("none"));
}

}  // namespace
}  // namespace parley::config
