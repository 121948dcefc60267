// What carries events to the brokers that --events names, and keys to Redis.
#pragma once

#include <memory>
#include <vector>

#include "app/config/settings.h"
#include "app/doors.h"
#include "hub/bus.h"
#include "intake/intake.h"
#include "outbox/outbox.h"

namespace parley::app {

using Couriers = std::vector<std::unique_ptr<outbox::Courier>>;

// They live on that executor, the engine's own. The doors learn of those that are theirs. A broker's address that is
// none is refused.
[[nodiscard]] Result<Couriers> make_couriers(const config::Settings& settings, Executor& executor,
                                             engine::Engine& engine, hub::LocalBus& bus,
                                             DoorsShared& doors);

// What brokers bring to the doors; on that executor, too.
struct Intakes {
  std::unique_ptr<intake::Taker> taker;
  std::unique_ptr<intake::Intake> intake;
};
// Nothing, where there is no broker that brings something.
[[nodiscard]] Result<Intakes> make_intakes(const config::Settings& settings, Executor& executor,
                                           engine::Engine& engine, const DoorsShared& doors);

}  // namespace parley::app
