// How this wire writes things down.
#pragma once

#include <string>

#include "base/json_writer.h"
#include "engine/commands.h"
#include "engine/stream.h"
#include "model/cursor.h"

namespace parley::native {

void write(JsonWriter& json, const Message& message);
// With what others have added, as this person sees it.
struct Seen {
  const Message& message;
  const UserId& viewer;
};
void write(JsonWriter& json, const Seen& seen);
void write(JsonWriter& json, const Member& member);
void write(JsonWriter& json, const engine::ConversationView& view);
void write_error(JsonWriter& json, const Error& error);  // the fields of an error frame's "error"

template <class T>
[[nodiscard]] std::string to_json(const T& what) {
  std::string out;
  JsonWriter json(out);
  write(json, what);
  return out;
}

void write(JsonWriter& json, const store::EarlierText& before);
void write(JsonWriter& json, const store::Block& block);
struct Presence;
void write(JsonWriter& json, const Presence& presence);
struct Device;
void write(JsonWriter& json, const Device& device);
[[nodiscard]] std::string call_json(const Signal& signal);
[[nodiscard]] std::string presence_json(const Signal& signal);
// `viewer`: whose reactions are told apart; nobody's where it is for all.
[[nodiscard]] std::string event_json(const Event& event, const Cursor& cursor,
                                     const UserId& viewer = {});
[[nodiscard]] std::string delivered_updated_json(const Pointer& pointer);
[[nodiscard]] std::string read_updated_json(const Pointer& pointer);
[[nodiscard]] std::string typing_json(const Signal& signal);
[[nodiscard]] std::string notification_json(const Signal& signal, const Cursor& cursor);
[[nodiscard]] std::string unread_updated_json(const ConversationId& conversation,
                                              std::uint64_t count);
[[nodiscard]] std::string pointer_json(const Pointer& pointer);  // as in /v1/sync

}  // namespace parley::native
