// A broken invariant is a bug: the process stops, in release too. Never use it on what came from outside.
#pragma once

namespace parley {
[[noreturn]] void assertion_failed(const char* what, const char* file, int line);
}

#define PARLEY_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::parley::assertion_failed(#condition, __FILE__, __LINE__))
