// How this wire writes things down.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "dialects/messaging/door.h"

namespace parley::messaging {

// Times are shown to the microsecond: JsonWriter::time_digits().
inline constexpr int time_digits = 6;

[[nodiscard]] std::optional<MessageType> read_type(std::string_view name);
[[nodiscard]] std::string_view type_name(MessageType type);

// What this wire keeps of a conversation in its metadata.
struct Extras {
  std::string description;
  UserId created_by;
};
[[nodiscard]] Extras extras_of(const Conversation& conversation);
// The metadata with these in place of what it had of them.
[[nodiscard]] std::string metadata_with(const Extras& extras);

// A conversation with everything that is shown with it.
struct Shown {
  engine::ConversationView view;
  std::vector<Member> members;
};
[[nodiscard]] Task<Result<Shown>> shown(Door& door, engine::Caller caller,
                                        engine::ConversationView view);
// Their profiles are known afterwards.
[[nodiscard]] Task<Result<std::vector<Member>>> members_of(Door& door, engine::Caller caller,
                                                           ConversationId where);

// Of what has no id of its own, as a receipt or a reaction: the same one each time it is shown.
[[nodiscard]] std::string derived_id(const MessageId& message, std::string_view one,
                                     std::string_view other);

void write_user(JsonWriter& json, const Shared& here, const UserId& user, const UserId& viewer);
void write_conversation(JsonWriter& json, const Shared& here, const Shown& shown);
// With its receipts, if it comes with its readers.
void write_message(JsonWriter& json, const Shared& here, const Message& message,
                   const UserId& viewer);
// How this wire calls what has happened; empty where it has no word for it.
[[nodiscard]] std::string_view type_name(EventKind kind);
// The data of its frame, for all alike. Not of what each reader sees in another way (tells_alike).
void write_event(JsonWriter& json, const Shared& here, const Event& event);
[[nodiscard]] bool tells_alike(EventKind kind);
void write_read(JsonWriter& json, const MessageId& message, const ConversationId& where,
                const UserId& reader);
void write_typing(JsonWriter& json, const Signal& signal);
void write_presence(JsonWriter& json, const Signal& signal);
// `message`: that shows it, if any does.
void write_file(JsonWriter& json, const engine::File& file, const MessageId* message);
void write_reaction(JsonWriter& json, const MessageId& message, const Reaction& reaction,
                    const ConversationId* where);

// {"type":…,"data":{…}}
[[nodiscard]] std::string frame(std::string_view type,
                                const std::function<void(JsonWriter&)>& fields);
// {"type":…,…,"data":{the same}}: where the description and the original's clients look in different places.
[[nodiscard]] std::string flat_frame(std::string_view type, std::string_view fields);

}  // namespace parley::messaging
