// The settings that few conversations have, as one column: most rows leave it empty.
#pragma once

#include <string>
#include <string_view>

#include "model/conversation.h"

namespace parley {

// Empty: it has none of them.
[[nodiscard]] std::string more_of(const ConversationSettings& settings);
// Takes what more_of() made.
void read_more(std::string_view more, ConversationSettings& settings);

}  // namespace parley
