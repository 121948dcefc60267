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
  // `patience`: how long a server that went away is waited for; once it is known to be away, only for a moment.
  explicit Link(std::string url, Holds holds = Holds::snapshots,
                std::chrono::milliseconds patience = std::chrono::milliseconds::max())
      : url_(std::move(url)), holds_(holds), patience_(patience) {}
  // A good connection; made again if need be, until the deadline. Nothing: the server can't be reached.
  [[nodiscard]] Connection* get(Instant deadline);
  // The connection as it is, if it is good.
  [[nodiscard]] Connection* now() const {
    return connection_ && connection_->good() ? connection_.get() : nullptr;
  }
  void drop() { connection_.reset(); }

 private:
  [[nodiscard]] Instant end_of_patience(Instant deadline) const;

  std::string url_;
  Holds holds_;
  std::chrono::milliseconds patience_;
  bool away_ = false;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Opening> opening_;  // begun, and not given up
  SystemRandom random_;
};

}  // namespace parley::store::postgres
