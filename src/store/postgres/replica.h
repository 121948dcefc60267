// A replica that may answer in the primary's place, at moments at which nobody could tell.
#pragma once

#include <string>

#include "store/postgres/link.h"

namespace parley::store::postgres {

// Lives on: one thread.
class Replica {
 public:
  Replica(std::string url, std::uint32_t store_number);

  // Its connection, once it has everything that `primary` has committed by now; a snapshot that is taken there from here on
  // is as good as one of the primary. Nothing: the primary has to answer. An error: the primary does not.
  [[nodiscard]] std::expected<Connection*, Failure> caught_up(Connection& primary,
                                                              Instant deadline);
  // It did not answer in the middle of a question.
  void lost(const std::string& why);

 private:
  struct Position;
  [[nodiscard]] std::expected<bool, Failure> has_all(Connection& replica, const Position& upto,
                                                     Instant deadline);
  [[nodiscard]] std::expected<bool, Failure> is_ours(Connection& replica, Instant deadline);
  // Until then it is not asked.
  void pass_over(std::chrono::milliseconds time, const std::string& why);

  Link link_;
  std::uint32_t store_number_;
  bool known_ = false;  // to be a copy of the primary
  Instant not_before_{};
  bool passed_over_ = false;
};

}  // namespace parley::store::postgres
