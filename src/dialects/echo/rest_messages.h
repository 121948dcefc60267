// What the socket sends by the same rules as REST.
#pragma once

#include "dialects/echo/call.h"

namespace parley::echo {

[[nodiscard]] Result<engine::SendMessage> new_message(const JsonObject& body);
// The engine's refusal, with the field that it is about where there is one.
[[nodiscard]] Error reworded(Error error, const engine::SendMessage& asked);

}  // namespace parley::echo
