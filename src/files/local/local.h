// files/local: blobs in a folder, spread over sub-folders by the end of their keys.
#pragma once

#include <memory>
#include <string>

#include "files/blobs.h"

namespace parley::files {

// The folder is made where it is not there. What is put must be on the same file system: under `folder` + "/incoming".
[[nodiscard]] Result<std::unique_ptr<Blobs>> make_local(const std::string& folder);

}  // namespace parley::files
