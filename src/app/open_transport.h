// What nodes speak to each other over, by the configuration.
#pragma once

#include <memory>

#include "app/config/settings.h"
#include "cluster/transport.h"

namespace parley::app {

// Nothing where this is the only node.
[[nodiscard]] Result<std::unique_ptr<cluster::Transport>> open_transport(
    const config::Settings& settings);

}  // namespace parley::app
