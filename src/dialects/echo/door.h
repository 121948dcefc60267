// What the parts of this dialect share on one loop.
#pragma once

#include <unordered_set>

#include "base/gate.h"
#include "dialects/echo/echo.h"
#include "dialects/echo/lately.h"
#include "dialects/echo/wire.h"
#include "dialects/shell/typing.h"

namespace parley::echo {

class Session;

// In whose words a call's signals are.
inline constexpr const char* calls_space = "echo.calls";

// What somebody uses, as they say.
struct Device {
  std::string id = "unknown", platform = "unknown", app_version;
};
[[nodiscard]] Device device_of(const net::Request& request);

struct Door {
  net::Loop& loop;
  engine::Engine& engine;
  Random& random;
  Shared shared;
  engine::Policy policy;
  std::unordered_set<Session*> sessions;
  Gate commands;  // every command under way
  std::unique_ptr<shell::TypingEnds> typing{};
  Lately lately{};

  [[nodiscard]] std::string frame(std::string_view type,
                                  const std::function<void(JsonWriter&)>& fields) const {
    return framed(shared.frame_style, type, fields);
  }
  // Tells who looks at how the service is used, if anybody does; `message` and `where` may be empty.
  void analyse(std::string_view event, const UserId& user, const Device& device,
               const ConversationId& where = {}, const MessageId& message = {}) const;

  [[nodiscard]] engine::Caller caller(UserId user, Origin origin = {}) const {
    return {std::move(user), engine::Rank::user, origin, &policy};
  }
};

// By token, by the header of a trusted peer, or by both if they agree.
[[nodiscard]] Result<UserId> identify(const Door& door, const net::Request& request);

}  // namespace parley::echo
