// Notifications that somebody has missed, as a resume looks for them.
#pragma once

#include "store/reader.h"

namespace parley::engine {

// Those that took their place after this cursor and are not read, oldest first; of very many the newest.
[[nodiscard]] Result<std::vector<store::Record>> notifications_after(store::Reader& reader,
                                                                     const UserId& user,
                                                                     const Cursor& since);
// Where documents of that owner take their places.
[[nodiscard]] std::uint32_t lane_of_records(std::string_view space, std::string_view owner,
                                            std::uint32_t lanes);

// Whether that person was here before.
[[nodiscard]] Result<bool> has_met(store::Reader& reader, const UserId& user);

}  // namespace parley::engine
