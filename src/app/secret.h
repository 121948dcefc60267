// The secret of a server that was given no keys: made once, kept in the data folder, good for loopback only.
#pragma once

#include "app/config/settings.h"

namespace parley::app {

// Fills settings.jwt_secret from the data folder where there are no keys; makes the file if it is not there.
[[nodiscard]] Result<void> use_own_secret(config::Settings& settings);

}  // namespace parley::app
