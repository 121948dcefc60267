// Notifications: kept for a person until they are deleted, pushed when they come.
#pragma once

#include "dialects/dinq/door.h"

namespace parley::dinq {

inline constexpr std::string_view notifications_space = "dinq.notifications";

struct Notification {
  std::string user;
  std::string type, title;
  std::string content;   // empty: none
  std::string metadata;  // a JSON object, or empty
  std::int64_t priority = 0;
  bool pushed = true;
};

// Stored, then shown to whoever is there.
[[nodiscard]] Task<Result<void>> notify(Door& door, engine::Caller caller,
                                        std::vector<Notification> all);
// As it is shown.
[[nodiscard]] Task<Result<std::optional<store::Record>>> newest_unread(Door& door, UserId user);

}  // namespace parley::dinq
