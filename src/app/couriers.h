// What carries events to the brokers that --events names, and keys to Redis.
#pragma once

#include <memory>
#include <vector>

#include "app/config/settings.h"
#include "app/doors.h"
#include "hub/bus.h"
#include "outbox/outbox.h"

namespace parley::app {

using Couriers = std::vector<std::unique_ptr<outbox::Courier>>;

// They live on that executor, the engine's own. The doors learn of those that are theirs. A broker's address that is
// none is refused.
[[nodiscard]] Result<Couriers> make_couriers(const config::Settings& settings, Executor& executor,
                                             engine::Engine& engine, hub::LocalBus& bus,
                                             DoorsShared& doors);

}  // namespace parley::app
