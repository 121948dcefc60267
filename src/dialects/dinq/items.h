// Conversations as they stand in a list.
#pragma once

#include "dialects/dinq/call.h"

namespace parley::dinq {

[[nodiscard]] UserId partner_in(const Conversation& conversation, const UserId& user);
// Of the partner of a private conversation; else empty.
void write_online_status(JsonWriter& json, const Door& door, const Conversation& conversation,
                         const UserId& user);

}  // namespace parley::dinq
