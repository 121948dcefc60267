#include "cluster/redis/redis.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "redis/redis.h"

namespace parley::cluster {
namespace {

using parley::redis::Address;
using parley::redis::Command;
using parley::redis::Commands;

constexpr std::chrono::milliseconds patience{1'000};
constexpr std::chrono::milliseconds between_tries{200};
constexpr std::chrono::milliseconds ping_every{1'000};
// Nothing for so long, not even an answer to a ping: it is gone.
constexpr std::chrono::milliseconds silence_max{3'000};

struct Free {
  void operator()(redisContext* one) const { redisFree(one); }
  void operator()(void* reply) const { freeReplyObject(reply); }
};
using Connection = std::unique_ptr<redisContext, Free>;

timeval as_timeval(std::chrono::milliseconds time) {
  return {.tv_sec = time.count() / 1'000, .tv_usec = time.count() % 1'000 * 1'000};
}

bool append(redisContext& to, const Command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  return redisAppendCommandArgv(&to, static_cast<int>(words.size()), words.data(), sizes.data()) ==
         REDIS_OK;
}

std::string_view text_of(const redisReply& reply) {
  return reply.type == REDIS_REPLY_STRING ? std::string_view(reply.str, reply.len)
                                          : std::string_view();
}

// The listening half has a connection and a thread of its own, the speaking half is a Redis like any other.
class RedisLink final : public Transport {
 public:
  explicit RedisLink(const Address& address)
      : address_(address), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), speaker_(address) {}
  ~RedisLink() override {
    stop();
    close(wake_);
  }
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;

  void start(Listener& listener) override {
    listener_ = &listener;
    thread_ = std::thread([this] { run(); });
  }

  void stop() override {
    if (!thread_.joinable()) return;
    // What was said last is to be heard.
    (void)speaker_.tell_and_wait({});
    stopping_ = true;
    wake();
    thread_.join();
  }

  void publish(std::vector<Spoken> all) override {
    if (!up_) return;
    Commands commands;
    commands.reserve(all.size());
    for (Spoken& one : all)
      commands.push_back({"PUBLISH", std::move(one.topic), std::move(one.body)});
    speaker_.tell(std::move(commands));
  }

  void subscribe(const std::string& topic) override {
    {
      std::lock_guard lock(mutex_);
      if (!topics_.insert(topic).second) return;
      pending_.push_back({"SUBSCRIBE", topic});
    }
    wake();
  }

  void unsubscribe(const std::string& topic) override {
    {
      std::lock_guard lock(mutex_);
      if (topics_.erase(topic) == 0) return;
      pending_.push_back({"UNSUBSCRIBE", topic});
    }
    wake();
  }

  [[nodiscard]] bool up() const override { return up_; }

 private:
  using Clock = std::chrono::steady_clock;

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] auto written = write(wake_, &one, sizeof one);
  }

  void run() {
    while (!stopping_) {
      connection_ = connected();
      if (connection_) {
        listen();
        if (up_.exchange(false)) listener_->linked(false);
        connection_.reset();
      }
      if (!stopping_) wait_for_wake(between_tries);
    }
  }

  void wait_for_wake(std::chrono::milliseconds time) const {
    pollfd waits{.fd = wake_, .events = POLLIN, .revents = 0};
    if (poll(&waits, 1, static_cast<int>(time.count())) > 0) clear_wake();
  }
  void clear_wake() const {
    std::uint64_t count = 0;
    [[maybe_unused]] auto taken = read(wake_, &count, sizeof count);
  }

  Connection connected() {
    Connection fresh(
        redisConnectWithTimeout(address_.host.c_str(), address_.port, as_timeval(patience)));
    if (!fresh || fresh->err != 0 || redisSetTimeout(fresh.get(), as_timeval(patience)) != REDIS_OK)
      return nullptr;
    if (address_.password.empty()) return fresh;
    const Command login = address_.user.empty() ? Command{"AUTH", address_.password}
                                                : Command{"AUTH", address_.user, address_.password};
    void* answer = nullptr;
    if (!append(*fresh, login) || redisGetReply(fresh.get(), &answer) != REDIS_OK) return nullptr;
    const std::unique_ptr<void, Free> held(answer);
    return static_cast<redisReply*>(answer)->type == REDIS_REPLY_ERROR ? nullptr : std::move(fresh);
  }

  // Until the connection breaks.
  void listen() {
    {
      std::lock_guard lock(mutex_);
      pending_.clear();
      for (const std::string& topic : topics_) pending_.push_back({"SUBSCRIBE", topic});
      // Its answer says that all of these are in force.
      pending_.push_back({"PING"});
    }
    heard_at_ = pinged_at_ = Clock::now();
    while (!stopping_) {
      if (!write_pending() || !wait_and_read()) return;
      const auto now = Clock::now();
      if (now - heard_at_ > silence_max) return;
      if (now - pinged_at_ < ping_every) continue;
      pinged_at_ = now;
      if (!append(*connection_, {"PING"})) return;
    }
  }

  bool write_pending() {
    std::deque<Command> commands;
    {
      std::lock_guard lock(mutex_);
      commands.swap(pending_);
    }
    for (const Command& one : commands)
      if (!append(*connection_, one)) return false;
    for (int done = 0; done == 0;)
      if (redisBufferWrite(connection_.get(), &done) != REDIS_OK) return false;
    return true;
  }

  bool wait_and_read() {
    std::array<pollfd, 2> waits{{{.fd = connection_->fd, .events = POLLIN, .revents = 0},
                                 {.fd = wake_, .events = POLLIN, .revents = 0}}};
    poll(waits.data(), waits.size(), static_cast<int>(ping_every.count()));
    if (waits[1].revents != 0) clear_wake();
    if (waits[0].revents == 0) return true;
    if (redisBufferRead(connection_.get()) != REDIS_OK) return false;
    heard_at_ = Clock::now();
    for (;;) {
      void* reply = nullptr;
      if (redisGetReplyFromReader(connection_.get(), &reply) != REDIS_OK) return false;
      if (reply == nullptr) return true;
      const std::unique_ptr<void, Free> held(reply);
      take(*static_cast<redisReply*>(reply));
    }
  }

  // ["message", topic, body]; ["pong", ""], or PONG while nothing is subscribed to; ["subscribe", topic, count]
  void take(const redisReply& reply) {
    const bool is_list = reply.type == REDIS_REPLY_ARRAY && reply.elements >= 2;
    const std::string_view what = is_list ? text_of(*reply.element[0]) : std::string_view();
    const bool is_pong = what == "pong" || reply.type == REDIS_REPLY_STATUS;
    if (is_pong && !up_.exchange(true)) listener_->linked(true);
    if (what == "message" && reply.elements == 3)
      listener_->heard(text_of(*reply.element[1]), text_of(*reply.element[2]));
  }

  const Address address_;
  const int wake_;
  parley::redis::Redis speaker_;
  Listener* listener_ = nullptr;
  std::atomic<bool> up_ = false;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::set<std::string> topics_;
  std::deque<Command> pending_;
  Connection connection_;  // like the rest, of the thread
  Clock::time_point heard_at_, pinged_at_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_redis(const std::string& url) {
  TRY(address, parley::redis::parse_address(url));
  return std::make_unique<RedisLink>(address);
}

}  // namespace parley::cluster
