// What is kept, under the names of the tables that another service had: for operators and their reports. Views only:
// nothing is written through them, and dropping them loses nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::store {

// "echo" has the schema messages, "messaging" the schema messaging; others have none: bad_request. A schema of that name
// that is not of ours is left alone: conflict.
[[nodiscard]] Result<void> postgres_make_views(const std::string& url, std::string_view service);
[[nodiscard]] Result<void> postgres_drop_views(const std::string& url, std::string_view service);
[[nodiscard]] Result<bool> postgres_has_views(const std::string& url, std::string_view service);

}  // namespace parley::store
