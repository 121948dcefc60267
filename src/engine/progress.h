// How far messages have come with everybody they are for.
#pragma once

#include <span>

#include "store/reader.h"

namespace parley::engine {

// All of that conversation.
[[nodiscard]] Result<void> add_progress(store::Reader& reader, const Conversation& where,
                                        std::span<Message> messages);
// Of any.
[[nodiscard]] Result<void> add_progress(store::Reader& reader, std::span<Message> messages);

}  // namespace parley::engine
