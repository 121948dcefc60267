// A message: the content that most events carry.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/names.h"

namespace parley {

enum class MessageType : std::uint8_t { text, image, video, audio, file, location, emoji, system };
[[nodiscard]] std::string_view name_of(MessageType type);
[[nodiscard]] std::optional<MessageType> parse_message_type(std::string_view text);

struct Message {
  MessageId id;
  ConversationId conversation;
  Seq seq;
  UserId sender;
  MessageType type = MessageType::text;
  std::string text;
  std::string attachments;  // a JSON list, or empty
  std::string metadata;     // a JSON object, or empty
  std::string client_id;    // the sender's key, as given; empty: none
  Time created_at{};
};

}  // namespace parley
