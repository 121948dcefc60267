#include "base/random.h"

#include <sys/random.h>

#include "base/assert.h"

namespace parley {

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  PARLEY_ASSERT(getrandom(&value, sizeof value, 0) == sizeof value);
  return value;
}

}  // namespace parley
