// What nodes speak to each other over, by the configuration.
#pragma once

#include <memory>

#include "app/config/settings.h"
#include "cluster/transport.h"

namespace parley::app {

// None is made where this is the only node.
[[nodiscard]] Result<void> open_transport(const config::Settings& settings,
                                          std::unique_ptr<cluster::Transport>& transport);

}  // namespace parley::app
