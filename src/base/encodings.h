// Bytes as text, where something else can't hold them as they are.
#pragma once

#include <string>
#include <string_view>

namespace parley {

// Everything but letters, digits and -._~ escaped, as in a URL; slashes, too, unless they are kept.
enum class Slashes : bool { escaped, kept };
[[nodiscard]] std::string percent_encoded(std::string_view text,
                                          Slashes slashes = Slashes::escaped);

// As text in HTML, also within quotes of either kind.
[[nodiscard]] std::string html_escaped(std::string_view text);

// Two lower-case digits a byte.
[[nodiscard]] std::string hex_of(std::string_view bytes);

}  // namespace parley
