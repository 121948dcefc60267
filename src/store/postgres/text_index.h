// The text index in PostgreSQL: a row for each message, with numbers for its tokens; made from the log, a little behind it.
#pragma once

#include <string>

#include "store/postgres/link.h"
#include "store/text_index.h"

namespace parley::store::postgres {

// '{1,2}': tokens as the index keeps them. Two that get the same number only make it name a message too many.
[[nodiscard]] std::string numbers_of(const Tokens& tokens);

// What was kept as other tokens than this program's counts as not taken in yet.
[[nodiscard]] Result<void> check_text_index(Connection& connection, Instant deadline);

// Follows the log in batches. Of several processes one does so in each lane, whichever comes first.
// Lives on: one thread.
class TextIndexer {
 public:
  explicit TextIndexer(std::string url) : link_(std::move(url)) {}
  // True: there may be more.
  [[nodiscard]] Result<bool> step();

 private:
  using Failed = std::unexpected<Failure>;
  [[nodiscard]] std::expected<bool, Failure> take_in(Connection& connection);
  [[nodiscard]] std::expected<bool, Failure> take_in(Connection& connection,
                                                     const std::string& lane);

  Link link_;
};

}  // namespace parley::store::postgres
