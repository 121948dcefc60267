// What others have added to messages: replies, reactions, and what they quote. Read only where somebody will see it.
#pragma once

#include <span>

#include "store/reader.h"

namespace parley::store {

// In the same snapshot as the messages; costs by how much there is.
[[nodiscard]] Result<void> add_extras(Reader& reader, std::span<Message> messages);
[[nodiscard]] Result<void> add_extras(Reader& reader, Message& message);
// Who has read them, but for their senders; they are all of one conversation.
[[nodiscard]] Result<void> add_readers(Reader& reader, std::span<Message> messages);

}  // namespace parley::store
