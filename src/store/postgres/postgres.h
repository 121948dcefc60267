// store/postgres: the same log in PostgreSQL, for many nodes: several writing connections, chosen by lane.
//
// Knows:     libpq, its schema and migrations.
// Does not:  rules; what a batch writes is decided by the Plan.
// Promises:  one transaction a batch; the rows of its lanes are locked in it, so per lane positions follow the order of commits,
//            whichever node commits. Two processes may start (and migrate) at once.
// Failing:   reconnects with backoff; statement timeouts; a COMMIT whose answer was lost is settled by asking for the
//            ids of its events under a lock of its lanes.
//            A replica that is behind or away is passed over: the primary answers in its place.
// Start at:  open_postgres(); replica.h for how a replica may answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/pool/pool.h"

namespace parley::store {

struct PostgresOptions {
  std::string url;                      // postgres://user@host:port/database
  std::vector<std::string> replicas{};  // URLs of streaming replicas that may answer in its place
  PoolLimits limits{.writers = 4};
  // How long a server that can't be reached is waited for.
  std::chrono::milliseconds patience{30'000};
};

[[nodiscard]] Result<std::unique_ptr<Store>> open_postgres(const PostgresOptions& options);

struct PostgresMigrationStatus {
  int version = 0;
  int newest = 0;
};
[[nodiscard]] Result<PostgresMigrationStatus> postgres_migration_status(const std::string& url);
[[nodiscard]] Result<PostgresMigrationStatus> postgres_migrate(const std::string& url);

}  // namespace parley::store
