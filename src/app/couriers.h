// What carries events to the brokers that --events names.
#pragma once

#include <memory>
#include <vector>

#include "app/config/settings.h"
#include "hub/presence.h"
#include "outbox/outbox.h"

namespace parley::app {

using Couriers = std::vector<std::unique_ptr<outbox::Courier>>;

// They live on that executor, the engine's own. A broker's address that is none is refused.
[[nodiscard]] Result<Couriers> make_couriers(const config::Settings& settings, Executor& executor,
                                             engine::Engine& engine, hub::Presence& presence);

}  // namespace parley::app
