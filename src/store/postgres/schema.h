// The tables, as migrations in order.
#pragma once

#include "base/result.h"
#include "store/postgres/connection.h"

namespace parley::store::postgres {

inline constexpr std::uint32_t lanes = 16;

[[nodiscard]] Error unavailable(const Failure& failure,
                                std::string_view doing);  // logs what only we should see
[[nodiscard]] int newest_version();
[[nodiscard]] Result<int> version_of(Connection& connection, Instant deadline);
// Under a lock, so that several processes may start at once. A newer schema is refused, never touched.
[[nodiscard]] Result<void> migrate(Connection& connection, Instant deadline);
[[nodiscard]] Result<std::uint32_t> store_number(Connection& connection, Instant deadline);

}  // namespace parley::store::postgres
