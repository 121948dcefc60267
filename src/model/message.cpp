#include "model/message.h"

#include <array>

namespace parley {
namespace {
constexpr std::array<std::string_view, 11> types{"text",     "image",    "video", "audio",
                                                 "file",     "location", "emoji", "system",
                                                 "document", "contact",  "poll"};
}

std::string_view name_of(MessageType type) { return types[static_cast<std::size_t>(type)]; }

std::optional<MessageType> parse_message_type(std::string_view text) {
  for (std::size_t i = 0; i < types.size(); ++i)
    if (types[i] == text) return static_cast<MessageType>(i);
  return std::nullopt;
}

std::string_view name_of(Progress progress) {
  return progress == Progress::read        ? "read"
         : progress == Progress::delivered ? "delivered"
                                           : "sent";
}

}  // namespace parley
