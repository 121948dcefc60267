// Asks one search after the other, and counts how long each takes.
#pragma once

#include <string>
#include <vector>

#include "bench/search/fill.h"

namespace parley::bench {

struct SearchTime {
  std::string who, what;
  std::uint64_t searches = 0;
  double hits = 0;  // on a page, on average
  double p50_ms = 0, p99_ms = 0, max_ms = 0;
};

[[nodiscard]] std::vector<SearchTime> measure(store::Store& store, const Population& population,
                                              const Corpus& corpus, unsigned searches);
// Comes back when the index has everything; in how many seconds.
[[nodiscard]] double let_the_index_catch_up(store::Store& store);

}  // namespace parley::bench
