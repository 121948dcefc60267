// What the process sees of a dialect on one loop.
#pragma once

#include <chrono>

#include "net/http.h"

namespace parley::rest {

class Door : public net::Handler {
 public:
  // The process is about to end: nobody is kept waiting for news any more, and every connection that can be told so hears
  // when to move, each at another moment of this time. Commands are still taken.
  virtual void drain(std::chrono::milliseconds spread) = 0;
  // Of the connections that can't be told such a thing, this share is closed now: 1 is all.
  virtual void let_go(double share) = 0;
  // Commands under way.
  [[nodiscard]] virtual std::size_t busy() const = 0;
};

}  // namespace parley::rest
