// The two kinds of sessions: one that commits batches, and those that read.
#pragma once

#include <memory>

#include "store/mongo/journal.h"
#include "store/pool/pool.h"

namespace parley::store::mongo {

// They outlive the sessions.
struct Shared {
  std::shared_ptr<Pool> pool;
  Lease lease;
  Journal journal{lease};
};

[[nodiscard]] std::unique_ptr<Writer> make_writer(Shared& shared);
[[nodiscard]] std::unique_ptr<ReadSession> make_read_session(Shared& shared,
                                                             std::uint32_t store_number);

}  // namespace parley::store::mongo
