// Token buckets by name, shared by all loops: one user's limit never touches another's.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace parley {

class RateLimiter {
 public:
  struct Rate {
    double per_second = 200;  // 0: no limit
    double burst = 2'000;
  };
  struct Verdict {
    bool allowed = true;
    std::int64_t limit = 0;  // the burst
    std::int64_t remaining = 0;
    std::chrono::milliseconds until_next{0};  // when one more is allowed
    std::chrono::milliseconds until_full{0};
  };

  explicit RateLimiter(Rate rate) : rate_(rate) {}
  [[nodiscard]] bool on() const { return rate_.per_second > 0; }
  [[nodiscard]] Verdict take(std::string_view name, Instant now);

 private:
  struct Bucket {
    double tokens = 0;
    Instant filled{};
  };
  // Several, so that loops seldom wait for each other.
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Bucket> buckets;
  };
  static constexpr std::size_t buckets_max =
      50'000;  // per shard; full ones are forgotten beyond it

  void forget_full(Shard& shard, Instant now) const;
  [[nodiscard]] double tokens_at(const Bucket& bucket, Instant now) const;

  Rate rate_;
  std::array<Shard, 16> shards_;
};

}  // namespace parley
