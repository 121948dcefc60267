// The figures as a table for people and as JSON for programs.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "bench/machine.h"
#include "bench/options.h"
#include "bench/outcome.h"

namespace parley::bench {

// A row for each figure, a column for each outcome.
[[nodiscard]] std::string as_table(std::span<const Outcome> outcomes);
[[nodiscard]] std::string as_json(const Options& options, const Machine& machine,
                                  std::span<const Outcome> outcomes);
// 1234567.8 as "1,234,568", 12.345 as "12.3", 0.01234 as "0.0123".
[[nodiscard]] std::string shown(double value);
// 10000 as "10,000".
[[nodiscard]] std::string shown_count(std::uint64_t count);

}  // namespace parley::bench
