// outbox/redis: Redis as a sink: what is told becomes commands.
//
// Knows:     that a batch is written when Redis has answered each of its commands.
// Does not:  which keys there are: a dialect turns what is told into commands.
// In:        messages from a courier.   Out: commands to Redis.
// Lives on:  the courier's thread.
// Failing:   while Redis is away nothing is taken, and everything is told again afterwards.
// Start at:  make_redis_sink().
#pragma once

#include <functional>
#include <memory>

#include "outbox/sink.h"
#include "redis/redis.h"

namespace parley::outbox {

struct RedisWords {
  std::function<redis::Commands(const Out&)> commands_of;
  std::function<void()> failed{};  // told when a batch was not taken; may be empty
};
[[nodiscard]] std::unique_ptr<Sink> make_redis_sink(std::shared_ptr<redis::Redis> redis,
                                                    RedisWords words);

}  // namespace parley::outbox
