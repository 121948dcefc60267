#include "cluster/conformance/conformance.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <mutex>

#include "base/assert.h"

extern char** environ;

namespace parley::cluster {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Not;

constexpr std::chrono::seconds long_enough{10};

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  PARLEY_ASSERT(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
  PARLEY_ASSERT(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

using Heard = std::pair<std::string, std::string>;

// A node with nothing but its ears.
class Ear final : public Transport::Listener {
 public:
  explicit Ear(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {
    transport_->start(*this);
  }
  ~Ear() { transport_->stop(); }
  Ear(const Ear&) = delete;
  Ear& operator=(const Ear&) = delete;

  void heard(std::string_view topic, std::string_view body) override {
    std::lock_guard lock(mutex_);
    heard_.emplace_back(topic, body);
    changed_.notify_all();
  }
  void linked(bool up) override {
    std::lock_guard lock(mutex_);
    links_.push_back(up);
    changed_.notify_all();
  }

  template <class Enough>
  bool wait(Enough enough) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, long_enough, [&] { return enough(); });
  }
  bool wait_for_link(bool up) {
    return wait([&] { return !links_.empty() && links_.back() == up; });
  }
  bool wait_for(const Heard& one) {
    return wait([&] { return std::ranges::find(heard_, one) != heard_.end(); });
  }
  // Subscribed, and known to be: a word of the other has come through.
  void listen_to(Ear& other, const std::string& topic) {
    transport_->subscribe(topic);
    const Heard probe{topic, "probe"};
    for (auto end = std::chrono::steady_clock::now() + long_enough;
         std::chrono::steady_clock::now() < end;) {
      other.say(topic, "probe");
      std::unique_lock lock(mutex_);
      const bool here = changed_.wait_for(lock, std::chrono::milliseconds{20}, [&] {
        return std::ranges::find(heard_, probe) != heard_.end();
      });
      if (here) return;
    }
    ADD_FAILURE() << "nothing is heard on " << topic;
  }
  void say(const std::string& topic, const std::string& body) {
    transport_->publish({{topic, body}});
  }
  std::vector<Heard> all() {
    std::lock_guard lock(mutex_);
    std::vector<Heard> without_probes;
    for (const Heard& one : heard_)
      if (one.second != "probe") without_probes.push_back(one);
    return without_probes;
  }
  Transport& transport() { return *transport_; }

 private:
  std::unique_ptr<Transport> transport_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Heard> heard_;
  std::vector<bool> links_;
};

struct Pair {
  explicit Pair(const TransportKind& kind)
      : server(kind.command), a(kind.connect(server.port())), b(kind.connect(server.port())) {
    server.start();
    EXPECT_TRUE(a.wait_for_link(true));
    EXPECT_TRUE(b.wait_for_link(true));
  }
  ServerProcess server;
  Ear a, b;
};

}  // namespace

ServerProcess::ServerProcess(Command command) : port_(free_port()), command_(std::move(command)) {}
ServerProcess::~ServerProcess() { halt(); }

void ServerProcess::start() {
  auto words = command_(port_);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int status =
      posix_spawnp(&process_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ASSERT_EQ(status, 0) << arguments[0] << " is not installed; ./dev test installs it";
}

void ServerProcess::halt() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

TEST_P(TransportConformance, the_others_hear_what_is_said_on_what_they_listen_to) {
  Pair pair(GetParam());
  pair.b.listen_to(pair.a, "parley.x.one");
  pair.a.say("parley.x.two", "not for you");
  pair.a.say("parley.x.one", "for you");
  ASSERT_TRUE(pair.b.wait_for({"parley.x.one", "for you"}));
  EXPECT_THAT(pair.b.all(), ElementsAre(Heard{"parley.x.one", "for you"}));
}

TEST_P(TransportConformance, what_one_says_is_heard_in_order_over_all_topics) {
  Pair pair(GetParam());
  pair.b.listen_to(pair.a, "parley.x.one");
  pair.b.listen_to(pair.a, "parley.x.two");
  std::vector<Heard> said;
  for (int i = 0; i < 2'000; ++i)
    said.emplace_back(i % 2 == 0 ? "parley.x.one" : "parley.x.two", std::to_string(i));
  for (const auto& [topic, body] : said) pair.a.say(topic, body);
  ASSERT_TRUE(pair.b.wait_for(said.back()));
  EXPECT_EQ(pair.b.all(), said);
}

TEST_P(TransportConformance, any_bytes_are_carried_up_to_the_longest) {
  Pair pair(GetParam());
  pair.b.listen_to(pair.a, "parley.x.one");
  std::string all_bytes(1, '\0');
  for (int i = 1; i < 256; ++i) all_bytes += static_cast<char>(i);
  std::string longest(Transport::body_max, '\xFF');
  pair.a.say("parley.x.one", all_bytes);
  pair.a.say("parley.x.one", longest);
  ASSERT_TRUE(pair.b.wait_for({"parley.x.one", longest}));
  EXPECT_THAT(pair.b.all(), Contains(Heard{"parley.x.one", all_bytes}));
}

TEST_P(TransportConformance, nothing_is_heard_of_what_one_has_ceased_to_listen_to) {
  Pair pair(GetParam());
  pair.b.listen_to(pair.a, "parley.x.one");
  pair.b.listen_to(pair.a, "parley.x.two");
  pair.b.transport().unsubscribe("parley.x.one");
  // What is subscribed to later is in force later.
  pair.b.listen_to(pair.a, "parley.x.three");
  pair.a.say("parley.x.one", "late");
  pair.a.say("parley.x.two", "in time");
  ASSERT_TRUE(pair.b.wait_for({"parley.x.two", "in time"}));
  EXPECT_THAT(pair.b.all(), Not(Contains(Heard{"parley.x.one", "late"})));
}

TEST_P(TransportConformance, after_an_outage_everything_is_listened_to_again) {
  Pair pair(GetParam());
  pair.b.listen_to(pair.a, "parley.x.one");
  pair.server.halt();
  ASSERT_TRUE(pair.a.wait_for_link(false));
  ASSERT_TRUE(pair.b.wait_for_link(false));
  EXPECT_FALSE(pair.a.transport().up());
  pair.a.say("parley.x.one", "to nobody");
  pair.b.transport().subscribe("parley.x.two");
  pair.server.start();
  ASSERT_TRUE(pair.a.wait_for_link(true));
  ASSERT_TRUE(pair.b.wait_for_link(true));
  pair.b.listen_to(pair.a, "parley.x.two");
  pair.a.say("parley.x.one", "back");
  ASSERT_TRUE(pair.b.wait_for({"parley.x.one", "back"}));
}

TEST_P(TransportConformance, who_comes_before_the_server_waits_for_it) {
  ServerProcess server(GetParam().command);
  Ear early(GetParam().connect(server.port()));
  early.transport().subscribe("parley.x.one");
  EXPECT_FALSE(early.transport().up());
  server.start();
  ASSERT_TRUE(early.wait_for_link(true));
  Ear other(GetParam().connect(server.port()));
  ASSERT_TRUE(other.wait_for_link(true));
  early.listen_to(other, "parley.x.one");
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TransportConformance);

}  // namespace parley::cluster
