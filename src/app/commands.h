// The subcommands. Each takes the arguments behind its name and returns the exit code: 0 done, 1 failed, 2 misused.
#pragma once

#include <string>
#include <vector>

namespace parley::app {

using Arguments = std::vector<std::string>;

[[nodiscard]] int serve(const Arguments& arguments);
[[nodiscard]] int token(const Arguments& arguments);
[[nodiscard]] int migrate(const Arguments& arguments);
[[nodiscard]] int bench(const Arguments& arguments);
[[nodiscard]] int version();

}  // namespace parley::app
