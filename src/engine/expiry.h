// The list of messages that go by themselves.
#pragma once

#include "store/change.h"

namespace parley::engine {

inline constexpr std::string_view expiring_space = "expiring";
[[nodiscard]] store::RecordSet expiring(const Message& message);
[[nodiscard]] store::RecordSet no_longer_expiring(const Message& message);

}  // namespace parley::engine
