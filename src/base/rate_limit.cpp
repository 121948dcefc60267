#include "base/rate_limit.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace parley {

namespace {

double tokens_at(double tokens, Instant filled, Instant now, const RateLimiter::Rate& rate) {
  const double seconds = std::chrono::duration<double>(now - filled).count();
  return std::min(rate.burst, tokens + seconds * rate.per_second);
}

}  // namespace

RateLimiter::Shard& RateLimiter::shard_of(std::string_view name) {
  return shards_[std::hash<std::string_view>{}(name) % shards_.size()];
}

RateLimiter::Bucket& RateLimiter::filled_bucket(Shard& shard, std::string_view name, Instant now,
                                                const Rate& rate) {
  if (shard.buckets.size() > buckets_max) forget_full(shard, now, rate);
  auto [at, fresh] = shard.buckets.try_emplace(std::string(name), Bucket{rate.burst, now});
  Bucket& bucket = at->second;
  bucket.tokens = tokens_at(bucket.tokens, bucket.filled, now, rate);
  bucket.filled = now;
  return bucket;
}

RateLimiter::Verdict RateLimiter::take(std::string_view name, Instant now) {
  const Rate rate{per_second_, burst_};
  if (rate.per_second <= 0) return {};
  Shard& shard = shard_of(name);
  std::lock_guard lock(shard.mutex);
  Bucket& bucket = filled_bucket(shard, name, now, rate);
  Verdict verdict{.allowed = bucket.tokens >= 1, .limit = static_cast<std::int64_t>(rate.burst)};
  if (verdict.allowed) bucket.tokens -= 1;
  if (verdict.allowed && shared_) shard.spent[std::string(name)] += 1;
  auto wait_for = [&](double tokens) {
    return std::chrono::milliseconds{
        static_cast<std::int64_t>(std::max(0.0, tokens - bucket.tokens) / rate.per_second * 1000) +
        1};
  };
  verdict.remaining = static_cast<std::int64_t>(bucket.tokens);
  verdict.until_next = verdict.allowed ? std::chrono::milliseconds{0} : wait_for(1);
  verdict.until_full = wait_for(rate.burst);
  return verdict;
}

RateLimiter::Spent RateLimiter::newly_spent() {
  Spent all;
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    all.insert(all.end(), std::move_iterator(shard.spent.begin()),
               std::move_iterator(shard.spent.end()));
    shard.spent.clear();
  }
  return all;
}

void RateLimiter::spent_elsewhere(std::string_view name, double tokens, Instant now) {
  const Rate rate{per_second_, burst_};
  if (rate.per_second <= 0) return;
  Shard& shard = shard_of(name);
  std::lock_guard lock(shard.mutex);
  Bucket& bucket = filled_bucket(shard, name, now, rate);
  bucket.tokens = std::max(0.0, bucket.tokens - tokens);
}

void RateLimiter::forget_full(Shard& shard, Instant now, const Rate& rate) {
  std::erase_if(shard.buckets, [&](const auto& entry) {
    return tokens_at(entry.second.tokens, entry.second.filled, now, rate) >= rate.burst;
  });
}

}  // namespace parley
