#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace parley {

void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "parley: broken invariant: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace parley
