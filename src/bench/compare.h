// Two results side by side: what became better or worse, and by how much.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::bench {

// As --json has written it.
struct Kept {
  struct Outcome {
    std::string title;
    std::vector<std::pair<std::string, double>> figures;
    std::size_t failures = 0;
  };
  std::string label;
  std::string machine;
  std::vector<Outcome> outcomes;
};
[[nodiscard]] Result<Kept> parse_kept(std::string_view json);

enum class Better : std::uint8_t { lower, higher, neither };
// By what the name ends with. Neither: counts, and what the client itself has used.
[[nodiscard]] Better better_of(std::string_view figure);

struct Comparison {
  std::string table;
  std::vector<std::string> worse;  // than allowed, or missing, or with failed checks
};
// `fail_above`: by which share (0.15) a figure may be worse; none: only told.
[[nodiscard]] Comparison compare(const Kept& before, const Kept& after,
                                 std::optional<double> fail_above);

// What follows `parley bench compare`; the exit code: 1 where something is worse than allowed.
[[nodiscard]] int run_compare(std::span<const std::string_view> arguments);

}  // namespace parley::bench
