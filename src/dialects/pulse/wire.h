// How this wire writes things down.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "dialects/pulse/door.h"

namespace parley::pulse {

// 24 hex digits, in small letters.
[[nodiscard]] std::optional<IdBytes> read_id(std::string_view text);
template <class Kind>
void id_field(JsonWriter& json, std::string_view name, const Id<Kind>& id) {
  json.field(name, hex24(id.bytes));
}

// A conversation with everything that is shown with it.
struct Shown {
  engine::ConversationView view;
  std::vector<Member> members;
  std::map<UserId, Profile> profiles;  // of those who are known
};
[[nodiscard]] Task<Result<Shown>> shown(Door& door, engine::Caller caller,
                                        engine::ConversationView view);

void write_conversation(JsonWriter& json, const Shown& shown);
void write_message(JsonWriter& json, const Message& message);

// {"type":…,"payload":…}
[[nodiscard]] std::string frame(std::string_view type,
                                const std::function<void(JsonWriter&)>& payload);
// online, offline or away: what others say of themselves is one of these here.
[[nodiscard]] std::string_view status_here(std::string_view status);

}  // namespace parley::pulse
