// store/mongo: the log in MongoDB, for one process, with messages and conversations as other programs read them.
//
// Knows:     libmongoc, its collections, the journal that makes a batch one commit.
// Does not:  rules; what a batch writes is decided by the Plan. Transactions of MongoDB: docs/decisions/0008.
// Promises:  a batch is one document of the journal, written by the majority and synced; then it is carried out before
//            anybody reads. One process a database, held by a lease.
// Failing:   a server that is away: unavailable within the deadline, then it goes on by itself. A batch that was recorded
//            and not carried out is carried out by whoever asks, or starts, next.
// Start at:  open_mongo(), then journal.h.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/pool/pool.h"

namespace parley::store {

struct MongoOptions {
  std::string uri;                    // mongodb://host:port/database; without a database: parley
  std::string messages = "messages";  // the collection of messages
  PoolLimits limits;
  // How long a server that can't be reached is waited for at the start.
  std::chrono::milliseconds patience{30'000};
};

[[nodiscard]] Result<std::unique_ptr<Store>> open_mongo(const MongoOptions& options);

struct MongoMigrationStatus {
  int version = 0;
  int newest = 0;
};
[[nodiscard]] Result<MongoMigrationStatus> mongo_migration_status(const MongoOptions& options);

}  // namespace parley::store
