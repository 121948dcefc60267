// Durations, counted in buckets that are at most 1/64 of their value wide, so a percentile is right to 1.6 %.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

namespace parley::bench {

class Histogram {
 public:
  using Duration = std::chrono::nanoseconds;
  struct Bar {
    Duration upto{};
    std::uint64_t count = 0;
  };

  void add(Duration value);
  void clear() { *this = {}; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // The value that this share (0–1) of all does not exceed; 0 if there are none.
  [[nodiscard]] Duration percentile(double share) const;
  [[nodiscard]] Duration max() const { return max_; }
  // For a drawing: eight for each power of two, from the first that is not empty to the last.
  [[nodiscard]] std::vector<Bar> bars() const;

 private:
  static constexpr unsigned sub_bits = 6;  // 64 buckets for each power of two
  static constexpr unsigned powers = 38;   // up to 2^43 ns, more than two hours
  static constexpr std::size_t buckets = std::size_t{powers + 1} << sub_bits;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value);
  [[nodiscard]] static std::uint64_t top_of(std::size_t bucket);

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  Duration max_{0};
};

}  // namespace parley::bench
