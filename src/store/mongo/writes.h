// From what a batch writes, as the Plan says it, to what is done to the documents.
#pragma once

#include "store/mongo/before.h"
#include "store/mongo/statements.h"

namespace parley::store::mongo {

// `messages`: the name of their collection; `batch`: the batch's number; `before` knows who was in the conversations.
[[nodiscard]] Statements statements_of(const Writes& writes, const MongoBefore& before,
                                       const std::string& messages, std::uint64_t batch);

}  // namespace parley::store::mongo
