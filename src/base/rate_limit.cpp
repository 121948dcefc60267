#include "base/rate_limit.h"

#include <algorithm>
#include <functional>

namespace parley {

namespace {

double tokens_at(double tokens, Instant filled, Instant now, const RateLimiter::Rate& rate) {
  const double seconds = std::chrono::duration<double>(now - filled).count();
  return std::min(rate.burst, tokens + seconds * rate.per_second);
}

}  // namespace

RateLimiter::Verdict RateLimiter::take(std::string_view name, Instant now) {
  const Rate rate{per_second_, burst_};
  if (rate.per_second <= 0) return {};
  Shard& shard = shards_[std::hash<std::string_view>{}(name) % shards_.size()];
  std::lock_guard lock(shard.mutex);
  if (shard.buckets.size() > buckets_max) forget_full(shard, now, rate);
  auto [at, fresh] = shard.buckets.try_emplace(std::string(name), Bucket{rate.burst, now});
  Bucket& bucket = at->second;
  bucket.tokens = tokens_at(bucket.tokens, bucket.filled, now, rate);
  bucket.filled = now;
  Verdict verdict{.allowed = bucket.tokens >= 1, .limit = static_cast<std::int64_t>(rate.burst)};
  if (verdict.allowed) bucket.tokens -= 1;
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

void RateLimiter::forget_full(Shard& shard, Instant now, const Rate& rate) {
  std::erase_if(shard.buckets, [&](const auto& entry) {
    return tokens_at(entry.second.tokens, entry.second.filled, now, rate) >= rate.burst;
  });
}

}  // namespace parley
