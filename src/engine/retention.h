// Messages that go after so many days, in the conversations that are set so.
#pragma once

#include "store/change.h"

namespace parley::engine {

// Notes that the conversation's messages are to be looked through; 0 days: no more.
[[nodiscard]] store::RecordSet retaining(const ConversationId& where, std::uint32_t days);

}  // namespace parley::engine
