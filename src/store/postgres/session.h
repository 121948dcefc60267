// The two kinds of connections: those that write batches, and those that read.
#pragma once

#include <memory>

#include "store/pool/pool.h"

namespace parley::store::postgres {

[[nodiscard]] std::unique_ptr<Writer> make_writer(std::string url);
// `replica_url` may be empty: there is none.
[[nodiscard]] std::unique_ptr<ReadSession> make_read_session(std::string url,
                                                             const std::string& replica_url,
                                                             std::uint32_t store_number);

}  // namespace parley::store::postgres
