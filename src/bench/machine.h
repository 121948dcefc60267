// What the figures were measured on.
#pragma once

#include <string>

namespace parley::bench {

struct Machine {
  unsigned cores = 0;
  std::string cpu;
  std::string kernel;
  double memory_gib = 0;
};

[[nodiscard]] Machine this_machine();

}  // namespace parley::bench
