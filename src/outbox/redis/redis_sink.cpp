#include "outbox/redis/redis_sink.h"

namespace parley::outbox {
namespace {

class RedisSink final : public Sink {
 public:
  RedisSink(std::shared_ptr<redis::Redis> redis, RedisWords words)
      : redis_(std::move(redis)), words_(std::move(words)) {}

  Result<void> send(std::span<const Out> batch) override {
    redis::Commands commands;
    for (const Out& one : batch)
      for (redis::Command& command : words_.commands_of(one))
        commands.push_back(std::move(command));
    if (commands.empty()) commands.push_back({"PING"});
    if (redis_->tell_and_wait(std::move(commands))) return {};
    if (words_.failed) words_.failed();
    return fail(Code::unavailable, "redis does not answer");
  }
  void send_passing(const Out& one) override { redis_->tell(words_.commands_of(one)); }

 private:
  std::shared_ptr<redis::Redis> redis_;
  RedisWords words_;
};

}  // namespace

std::unique_ptr<Sink> make_redis_sink(std::shared_ptr<redis::Redis> redis, RedisWords words) {
  return std::make_unique<RedisSink>(std::move(redis), std::move(words));
}

}  // namespace parley::outbox
