// How this wire writes things down.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "dialects/echo/echo.h"
#include "engine/engine.h"
#include "model/signal.h"

namespace parley::echo {

[[nodiscard]] std::optional<MessageType> read_type(std::string_view name);
[[nodiscard]] std::string_view type_name(MessageType type);
[[nodiscard]] std::string_view role_name(Role role);
[[nodiscard]] std::int64_t unix_seconds(Time at);

// How far the others are; who sent it is not among them.
struct Delivery {
  std::size_t recipients = 0, delivered = 0, read = 0;
  [[nodiscard]] std::string_view status() const {
    if (recipients > 0 && read == recipients) return "read";
    return recipients > 0 && delivered == recipients ? "delivered" : "sent";
  }
};
// The message with who has read it (engine: with_readers).
[[nodiscard]] Delivery delivery_of(const Message& message, const std::vector<Member>& members);
// When somebody has read it, if they let it be known.
[[nodiscard]] std::optional<Time> read_at(const Message& message, const UserId& user);

void write_message(JsonWriter& json, const Message& message, const Delivery& delivery);
// The answer to a send: shorter, and its times are numbers.
void write_sent(JsonWriter& json, const Message& message);
void write_mentions(JsonWriter& json, const std::vector<Mention>& mentions);

// What this wire keeps of a conversation in its metadata.
struct Extras {
  std::string kind;  // empty: by its type
  std::string description;
  bool encrypted = true;
  bool open = false;
};
[[nodiscard]] Extras extras_of(const Conversation& conversation);
[[nodiscard]] std::string metadata_of(const Extras& extras);
[[nodiscard]] std::string kind_of(const Conversation& conversation);

// How this wire calls what has happened, and the payload of its frame; empty where it has no word for it.
[[nodiscard]] std::string_view type_name(EventKind kind);
void write_event(JsonWriter& json, const Event& event);
void write_state(JsonWriter& json, const MessageId& message, const ConversationId& where,
                 const UserId& user, Time at);
void write_typing(JsonWriter& json, const Signal& signal, Time now);

[[nodiscard]] std::string framed(FrameStyle style, std::string_view type,
                                 const std::function<void(JsonWriter&)>& fields);

}  // namespace parley::echo
