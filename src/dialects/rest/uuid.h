// UUIDs as callers write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::rest {

// In lower case, whatever the caller's; nothing where it is none.
[[nodiscard]] std::optional<std::string> read_uuid(std::string_view text);

}  // namespace parley::rest
