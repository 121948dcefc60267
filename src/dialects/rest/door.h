// What the process sees of a dialect on one loop.
#pragma once

#include <chrono>

#include "net/http.h"

namespace parley::rest {

class Door : public net::Handler {
 public:
  // Tells every connection to move, as the process is about to end.
  virtual void drain(std::chrono::milliseconds reconnect_in) = 0;
  // Commands under way.
  [[nodiscard]] virtual std::size_t busy() const = 0;
};

}  // namespace parley::rest
