// base64url without padding (RFC 4648 §5), strictly: each byte string has exactly one text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::identity {

[[nodiscard]] std::string to_base64url(std::string_view bytes);
// Nothing for padding, spaces, the other alphabet, or stray bits at the end.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace parley::identity
