// Reads a small document over HTTP.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/result.h"

namespace parley::identity {

struct FetchLimits {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds whole{10'000};
  std::size_t bytes = 1UL << 20;
};

// http and https only, also after a redirect, and never from https back to http. Blocks. Anything but
// a whole answer with status 200 is unavailable, with a reason that doesn't show the URL's secrets.
[[nodiscard]] Result<std::string> fetch(const std::string& url, const FetchLimits& limits = {});

}  // namespace parley::identity
