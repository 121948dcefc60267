// A connection that is made again when it has gone, with pauses that grow.
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "store/postgres/connection.h"

namespace parley::store::postgres {

// Lives on: one thread.
class Link {
 public:
  explicit Link(std::string url) : url_(std::move(url)) {}
  // A good connection; made again if need be, until the deadline. Nothing: the server can't be reached.
  [[nodiscard]] Connection* get(Instant deadline);
  void drop() { connection_.reset(); }

 private:
  std::string url_;
  std::unique_ptr<Connection> connection_;
  SystemRandom random_;
};

}  // namespace parley::store::postgres
