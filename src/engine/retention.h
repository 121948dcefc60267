// Messages that go after so many days: as their conversation is set, else as the server is.
#pragma once

#include "store/change.h"

namespace parley::engine {

// Notes that the conversation's messages are to be looked through from the beginning: its own rule is another now.
[[nodiscard]] store::RecordSet retaining(const ConversationId& where);

}  // namespace parley::engine
