// What one question sees: a transaction that begins with its first query, on the primary or on a replica.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "store/pool/pool.h"
#include "store/postgres/replica.h"

namespace parley::store::postgres {

// Lives on: one thread.
class Snapshot {
 public:
  // `replica_url` may be empty: there is none.
  Snapshot(std::string url, const std::string& replica_url, std::uint32_t store_number);
  void begin(Instant deadline, Source source);
  void end();
  [[nodiscard]] Result<Table> ask(const Query& query);
  [[nodiscard]] bool replica_lost() const { return replica_lost_; }

 private:
  [[nodiscard]] Result<Table> ask_primary(const Query& query);
  // Nothing: it has to be the primary.
  [[nodiscard]] std::optional<Table> ask_replica_first(const Query& query);
  [[nodiscard]] Result<Table> ask_replica_on(const Query& query);
  [[nodiscard]] Connection* replica_in_step();
  void lose_replica(const Failure& failure);

  Link primary_;
  std::unique_ptr<Replica> replica_;
  Instant deadline_{};
  Source source_ = Source::primary;
  bool begun_ = false;
  Connection* on_replica_ = nullptr;  // begun there
  bool replica_lost_ = false;
};

}  // namespace parley::store::postgres
