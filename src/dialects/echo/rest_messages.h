// What the socket sends by the same rules as REST.
#pragma once

#include "dialects/echo/call.h"

namespace parley::echo {

[[nodiscard]] Result<engine::SendMessage> new_message(const JsonObject& body);
// What else follows from a message that was taken, and from whom.
void was_sent(Door& door, const engine::Sent& sent, const Device& device);
// Where it is, if this is the first that they read of it; nothing of one's own.
[[nodiscard]] Task<Result<std::optional<ConversationId>>> read_message(Door& door,
                                                                       engine::Caller caller,
                                                                       MessageId id);
// The engine's refusal, with the field that it is about where there is one.
[[nodiscard]] Error reworded(Error error, const engine::SendMessage& asked);

}  // namespace parley::echo
