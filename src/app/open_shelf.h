// Where files are kept, by the configuration.
#pragma once

#include <memory>

#include "app/config/settings.h"
#include "files/files.h"

namespace parley::app {

[[nodiscard]] Result<std::shared_ptr<files::Shelf>> open_shelf(const config::Settings& settings);

}  // namespace parley::app
