// Sizes and durations as operators write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::config {

// "1MiB", "64KiB", "500kB", "1048576". The error says what a size looks like.
[[nodiscard]] Result<std::size_t> parse_bytes(std::string_view text);
[[nodiscard]] std::string show_bytes(std::size_t bytes);

// "250ms", "10s", "2m", "24h", "7d"; the unit is needed.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);
[[nodiscard]] std::string show_duration(std::chrono::milliseconds duration);

[[nodiscard]] Result<std::size_t> parse_count(std::string_view text);

}  // namespace parley::config
