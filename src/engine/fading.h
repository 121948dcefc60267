// Documents that go by themselves at a time: named in a list by that time, which is written with them.
#pragma once

#include "store/change.h"

namespace parley::engine {

// To be written with `what`.
[[nodiscard]] store::RecordSet fading(const store::RecordSet& what, Time at);
// Sorts as the times do.
[[nodiscard]] std::string time_key(Time at);

}  // namespace parley::engine
