// Links that are signed in the query (AWS signature version 4): whoever has one may get that object for a while.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "files/s3/s3.h"

namespace parley::files {

[[nodiscard]] std::string signed_link(const S3Address& address, const std::string& path,
                                      std::vector<std::pair<std::string, std::string>> query,
                                      std::chrono::seconds lives, Time now);

}  // namespace parley::files
