#include "bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace parley::bench {

// Values below 64 have a bucket each; above, the six bits behind the leading one choose among 64.
std::size_t Histogram::bucket_of(std::uint64_t value) {
  if (value < (1U << sub_bits)) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - sub_bits;
  const std::size_t bucket = (std::size_t{shift} << sub_bits) + (value >> shift);
  return std::min(bucket, buckets - 1);
}

std::uint64_t Histogram::top_of(std::size_t bucket) {
  if (bucket < (2U << sub_bits)) return bucket;
  const auto shift = static_cast<unsigned>(bucket >> sub_bits) - 1;
  const std::uint64_t leading = bucket - (std::size_t{shift} << sub_bits);
  return ((leading + 1) << shift) - 1;
}

void Histogram::add(Duration value) {
  value = std::max(value, Duration{0});
  ++counts_[bucket_of(static_cast<std::uint64_t>(value.count()))];
  ++count_;
  max_ = std::max(max_, value);
}

Histogram::Duration Histogram::percentile(double share) const {
  const auto wanted =
      static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_) - 1e-6));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets && count_ > 0; ++bucket) {
    seen += counts_[bucket];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) {
      return std::min(max_, Duration{static_cast<Duration::rep>(top_of(bucket))});
    }
  }
  return max_;
}

std::vector<Histogram::Bar> Histogram::bars() const {
  constexpr std::size_t together = (1U << sub_bits) / 8;
  std::vector<Bar> bars;
  for (std::size_t first = 0; first < buckets; first += together) {
    const auto begin = counts_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto count =
        std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(together), std::uint64_t{0});
    if (count == 0 && bars.empty()) continue;
    bars.push_back({Duration{static_cast<Duration::rep>(top_of(first + together - 1))}, count});
  }
  while (!bars.empty() && bars.back().count == 0) bars.pop_back();
  return bars;
}

}  // namespace parley::bench
