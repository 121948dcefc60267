// Token buckets by name, shared by all loops: one user's limit never touches another's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

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

  explicit RateLimiter(Rate rate) : per_second_(rate.per_second), burst_(rate.burst) {}
  // From now on, for everybody; from any thread.
  void change(Rate rate) {
    per_second_ = rate.per_second;
    burst_ = rate.burst;
  }
  [[nodiscard]] bool on() const { return per_second_ > 0; }
  [[nodiscard]] Verdict take(std::string_view name, Instant now);

  // Other processes count with this one. Before the first take().
  void share() { shared_ = true; }
  // What was taken here since the last call, by name.
  using Spent = std::vector<std::pair<std::string, double>>;
  [[nodiscard]] Spent newly_spent();
  void spent_elsewhere(std::string_view name, double tokens, Instant now);

 private:
  struct Bucket {
    double tokens = 0;
    Instant filled{};
  };
  // Several, so that loops seldom wait for each other.
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Bucket> buckets;
    std::unordered_map<std::string, double> spent;  // where others count, too
  };
  static constexpr std::size_t buckets_max =
      50'000;  // per shard; full ones are forgotten beyond it

  [[nodiscard]] Shard& shard_of(std::string_view name);
  [[nodiscard]] static Bucket& filled_bucket(Shard& shard, std::string_view name, Instant now,
                                             const Rate& rate);
  static void forget_full(Shard& shard, Instant now, const Rate& rate);

  std::atomic<double> per_second_, burst_;
  bool shared_ = false;
  std::array<Shard, 16> shards_;
};

}  // namespace parley
