// How this wire writes things down.
#pragma once

#include <functional>
#include <string>

#include "base/json_writer.h"
#include "dialects/dinq/profiles.h"
#include "engine/engine.h"

namespace parley::dinq {

[[nodiscard]] std::string_view type_name(const Message& message);
[[nodiscard]] std::optional<MessageType> read_type(std::string_view name);

// Nothing where the wire shows null.
[[nodiscard]] std::optional<std::string> preview(const Message& message);

// A row of the history.
void write(JsonWriter& json, const Message& message);
// The `data` of a message frame.
void write_live(JsonWriter& json, const Message& message, bool can_send);
void write_conversation(JsonWriter& json, const Conversation& conversation,
                        const std::optional<Message>& last);
// How far a member has read.
struct Progress {
  std::uint64_t unread = 0;
  std::optional<MessageId> last;
};
void write_member(JsonWriter& json, const ConversationId& where, const Member& member,
                  const Progress& progress, const Profile* profile);

// {"type":…,"data":{…}}
[[nodiscard]] std::string frame(std::string_view type,
                                const std::function<void(JsonWriter&)>& fields);
[[nodiscard]] std::string error_frame(std::string_view text);
// Why something could not be sent, in this wire's words.
[[nodiscard]] std::string send_refusal(const Error& error);

}  // namespace parley::dinq
