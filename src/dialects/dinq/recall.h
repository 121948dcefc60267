// Taking a message back, by frame and by REST alike, refused in this wire's words.
#pragma once

#include "dialects/dinq/door.h"

namespace parley::dinq {

[[nodiscard]] Task<Result<void>> recall_message(Door& door, engine::Caller caller, MessageId id);

}  // namespace parley::dinq
