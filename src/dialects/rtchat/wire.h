// How this wire writes things down.
#pragma once

#include <string>

#include "base/json_writer.h"
#include "dialects/rtchat/door.h"

namespace parley::rtchat {

// The same live and in history, byte for byte.
void write_message(JsonWriter& json, const Message& message, const Participants& participants);
// JSON that can stand inside a page: < > & and the two line separators as escapes.
[[nodiscard]] std::string safe_in_html(std::string_view json);

}  // namespace parley::rtchat
