// store/sqlite: the embedded default: one file, one writing thread with group commit, several readers.
//
// Knows:     SQLite, its schema and migrations.
// Does not:  rules; what a batch writes is decided by the Plan.
// Promises:  WAL with synchronous=FULL: settled means synced. One process per data folder (an exclusive lock).
// Failing:   a newer schema, a locked folder or a damaged file refuse the start with the reason.
// Start at:  open_sqlite().
#pragma once

#include <memory>
#include <string>

#include "store/pool/pool.h"

namespace parley::store {

struct SqliteOptions {
  std::string path;  // the database file; its folder is made and locked
  PoolLimits limits;
};

[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite(const SqliteOptions& options);

struct MigrationStatus {
  int version = 0;  // of the database; 0: empty
  int newest = 0;   // that this program knows
};
[[nodiscard]] Result<MigrationStatus> sqlite_migration_status(const std::string& path);

}  // namespace parley::store
