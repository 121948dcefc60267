// The two kinds of connections: one that writes batches, and those that read.
#pragma once

#include <memory>

#include "store/pool/pool.h"
#include "store/sqlite/database.h"
#include "store/sqlite/recent_keys.h"
#include "store/sqlite/text_index.h"

namespace parley::store::sqlite {

[[nodiscard]] std::unique_ptr<Writer> make_writer(std::unique_ptr<Database> database,
                                                  std::unique_ptr<RecentKeys> recent_keys);
[[nodiscard]] std::unique_ptr<ReadSession> make_read_session(std::unique_ptr<Database> database,
                                                             std::unique_ptr<SqliteTextIndex> index,
                                                             std::uint32_t store_number);

}  // namespace parley::store::sqlite
