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
  Time edited_at{};    // zero, like the next two: it has not been
  Time deleted_at{};   // by its author or somebody with power over it
  Time recalled_at{};  // by its author, soon after

  // Gone, but for its place: what it said is kept nowhere.
  [[nodiscard]] bool gone() const { return deleted_at != Time{} || recalled_at != Time{}; }
};

}  // namespace parley
