// The tables, as migrations in order.
#pragma once

#include "store/sqlite/database.h"

namespace parley::store::sqlite {

[[nodiscard]] int newest_version();
[[nodiscard]] Result<int> version_of(Database& database);
// Brings the database to the newest version; refuses one that is newer than this program.
[[nodiscard]] Result<void> migrate(Database& database);
// The number that cursors of this database carry.
[[nodiscard]] Result<std::uint32_t> store_number(Database& database);

}  // namespace parley::store::sqlite
