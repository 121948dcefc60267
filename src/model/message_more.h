// What few messages have (a quote, mentions, where they were forwarded from), as one column: most rows leave it empty.
#pragma once

#include <string>
#include <string_view>

#include "model/message.h"

namespace parley {

// Empty: the message has none of it.
[[nodiscard]] std::string more_of(const Message& message);
// Takes what more_of() made.
void read_more(std::string_view more, Message& message);

}  // namespace parley
