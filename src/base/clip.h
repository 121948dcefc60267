// The beginning of a text that is valid UTF-8: never ending inside a character.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley {

[[nodiscard]] std::string_view first_bytes(std::string_view utf8, std::size_t most);
[[nodiscard]] std::string_view first_code_points(std::string_view utf8, std::size_t most);

}  // namespace parley
