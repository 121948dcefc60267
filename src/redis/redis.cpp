#include "redis/redis.h"

#include <hiredis/hiredis.h>

#include <charconv>
#include <future>

#include "base/log.h"

namespace parley::redis {
namespace {

constexpr std::chrono::milliseconds patience{500};
constexpr std::chrono::seconds between_tries{1};
constexpr std::size_t waiting_max = 10'000;

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const bool is_escape =
        text[at] == '%' && digits.size() == 2 &&
        std::from_chars(digits.data(), digits.data() + 2, value, 16).ptr == digits.data() + 2;
    out += is_escape ? static_cast<char>(value) : text[at];
    if (is_escape) at += 2;
  }
  return out;
}

bool read_number(std::string_view text, int most, int& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0 && value <= most;
}

constexpr const char* shape = "is not like redis://user:password@host:6379/0";

}  // namespace

Result<Address> parse_address(std::string_view url) {
  Address address;
  constexpr std::string_view scheme = "redis://";
  if (url.starts_with(scheme)) url.remove_prefix(scheme.size());
  if (url.find("://") != std::string_view::npos) return fail(Code::bad_request, shape);
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = url.substr(0, at);
    const auto colon = who.find(':');
    address.user = percent_decoded(who.substr(0, colon));
    if (colon != std::string_view::npos) address.password = percent_decoded(who.substr(colon + 1));
    url.remove_prefix(at + 1);
  }
  if (const auto slash = url.find('/'); slash != std::string_view::npos) {
    const std::string_view database = url.substr(slash + 1);
    if (!database.empty() && !read_number(database, 1'000'000, address.database))
      return fail(Code::bad_request, shape);
    url = url.substr(0, slash);
  }
  if (const auto colon = url.rfind(':'); colon != std::string_view::npos) {
    if (!read_number(url.substr(colon + 1), 65'535, address.port))
      return fail(Code::bad_request, shape);
    url = url.substr(0, colon);
  }
  if (url.empty()) return fail(Code::bad_request, shape);
  address.host = url;
  return address;
}

struct Redis::Connection {
  explicit Connection(redisContext* made) : context(made) {}
  ~Connection() {
    if (context != nullptr) redisFree(context);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  redisContext* context;
};

Redis::Redis(Address address) : address_(std::move(address)) {}
Redis::~Redis() { worker_.stop(); }

void Redis::tell(Commands commands) {
  worker_.add([this, commands = std::move(commands)] { run(commands); }, waiting_max);
}

Task<bool> Redis::told(Commands commands) {
  co_return co_await called_back<bool>([&](auto done) {
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    const bool taken =
        worker_.add([this, &commands, shared] { (*shared)(run(commands)); }, waiting_max);
    if (!taken) (*shared)(false);
  });
}

Task<std::optional<std::vector<std::string>>> Redis::list(std::string key) {
  using Texts = std::optional<std::vector<std::string>>;
  co_return co_await called_back<Texts>([&](auto done) {
    auto shared = std::make_shared<decltype(done)>(std::move(done));
    const bool taken =
        worker_.add([this, &key, shared] { (*shared)(read_list(key)); }, waiting_max);
    if (!taken) (*shared)(std::nullopt);
  });
}

bool Redis::tell_and_wait(Commands commands) {
  std::promise<bool> done;
  const bool taken = worker_.add([&] { done.set_value(run(commands)); }, waiting_max);
  return taken && done.get_future().get();
}

bool Redis::run(const Commands& commands) {
  const bool done = connected() && exchange(commands);
  if (up_.exchange(done) != done) {
    if (done)
      log::info("redis is there", {{"host", address_.host}, {"port", address_.port}});
    else
      log::warn("redis is away: its keys wait for its return",
                {{"host", address_.host}, {"port", address_.port}});
  }
  if (!done) connection_.reset();
  return done;
}

// Not more often than that, so that nothing piles up behind vain tries.
bool Redis::connected() {
  if (connection_) return true;
  const auto now = std::chrono::steady_clock::now();
  if (tried_at_.time_since_epoch().count() != 0 && now - tried_at_ < between_tries) return false;
  tried_at_ = now;
  const timeval wait{
      .tv_sec = 0,
      .tv_usec = std::chrono::duration_cast<std::chrono::microseconds>(patience).count()};
  auto fresh = std::make_unique<Connection>(
      redisConnectWithTimeout(address_.host.c_str(), address_.port, wait));
  redisContext* context = fresh->context;
  if (context == nullptr || context->err != 0 || redisSetTimeout(context, wait) != REDIS_OK)
    return false;
  connection_ = std::move(fresh);
  Commands first;
  if (!address_.password.empty())
    first.push_back(address_.user.empty() ? Command{"AUTH", address_.password}
                                          : Command{"AUTH", address_.user, address_.password});
  if (address_.database != 0) first.push_back({"SELECT", std::to_string(address_.database)});
  if (!exchange(first)) return false;
  return !state_ || exchange(state_());
}

// All in one write; a refusal of one is no reason to stop.
bool Redis::exchange(const Commands& commands) {
  for (const Command& command : commands) {
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const std::string& word : command) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    if (redisAppendCommandArgv(connection_->context, static_cast<int>(words.size()), words.data(),
                               sizes.data()) != REDIS_OK)
      return false;
  }
  bool good = true;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    void* answer = nullptr;
    if (redisGetReply(connection_->context, &answer) != REDIS_OK) return false;
    auto* reply = static_cast<redisReply*>(answer);
    good = good && reply->type != REDIS_REPLY_ERROR;
    freeReplyObject(reply);
  }
  return good;
}

std::optional<std::vector<std::string>> Redis::read_list(const std::string& key) {
  if (!run({})) return std::nullopt;
  void* answer = redisCommand(connection_->context, "LRANGE %b 0 -1", key.data(), key.size());
  auto* reply = static_cast<redisReply*>(answer);
  if (reply == nullptr) {
    connection_.reset();
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < reply->elements; ++i)
    if (const redisReply* one = reply->element[i]; one->type == REDIS_REPLY_STRING)
      texts.emplace_back(one->str, one->len);
  const bool is_list = reply->type == REDIS_REPLY_ARRAY;
  freeReplyObject(reply);
  return is_list ? std::optional(std::move(texts)) : std::nullopt;
}

}  // namespace parley::redis
