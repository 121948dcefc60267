// The indexes, and what a database says of itself.
#pragma once

#include "store/mongo/connection.h"

namespace parley::store::mongo {

[[nodiscard]] int newest_version();
// 0: there is nothing of ours yet.
[[nodiscard]] Result<int> version_of(Connection& connection);
// Under the lease. A newer one is refused, never touched.
[[nodiscard]] Result<void> migrate(Connection& connection);
// The number that cursors of this database carry.
[[nodiscard]] Result<std::uint32_t> store_number(Connection& connection);

}  // namespace parley::store::mongo
