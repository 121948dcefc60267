// bench/micro: the small works that a message is made of, each alone, to be timed or counted in instructions.
//
// Knows:     how to do each of them once, on data like that of `parley bench`.
// Does not:  measure: main.cpp has Google Benchmark for that, and bench/instructions.py an instrument that counts.
// Start at:  works(). A work is a row there.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace parley::bench {

// Does it so many times.
using Work = std::function<void(std::size_t times)>;

struct NamedWork {
  std::string_view name;
  std::function<Work()> prepare;  // what is not counted
};
[[nodiscard]] const std::vector<NamedWork>& works();

// Commits a hundred messages together to SQLite, in a folder of its own.
[[nodiscard]] Work commit_a_hundred();

}  // namespace parley::bench
