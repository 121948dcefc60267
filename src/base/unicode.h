// What Unicode says about a text that is valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

[[nodiscard]] std::size_t code_points(std::string_view utf8);
// Exactly what a reader takes for one character: a letter with its accents, an emoji with its skin tone, a flag.
[[nodiscard]] bool is_one_character(std::string_view utf8);

// Without C0 and C1 control characters, but for tab and the two of a line's end.
[[nodiscard]] std::string without_controls(std::string_view utf8);

// The same for texts that differ in case only, in any script.
[[nodiscard]] std::string fold_case(std::string_view utf8);

}  // namespace parley
