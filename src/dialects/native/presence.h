// Who is there, as this wire tells it.
#pragma once

#include "dialects/native/door.h"

namespace parley::native {

inline constexpr std::string_view seen_space = "presence";

// {"user_id":…,"status":…,"last_seen":…,"devices":…}
struct Presence {
  UserId user;
  std::string status = "offline";
  Time last_seen{};  // zero: not known, or not to be seen
  std::size_t devices = 0;
};

// As the caller may see it: who has blocked them is offline.
[[nodiscard]] Task<Result<std::vector<Presence>>> presence_of(Door& door, engine::Caller caller,
                                                              std::vector<UserId> users);

// To who watches, and to those they have direct conversations with at any door.
void tell_presence(Door& door, const UserId& user, std::string_view status);
void tell_presence_to(Door& door, const UserId& user, std::string_view status,
                      std::vector<UserId> partners);
// The last connection has gone.
void tell_departure(Door& door, const UserId& user);

}  // namespace parley::native
