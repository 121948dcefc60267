// Whoever asks faster than they are answered is not read from until half of what waits is done.
#pragma once

#include <cstddef>

#include "net/socket.h"

namespace parley::shell {

class Pace {
 public:
  // `waiting`: commands. The socket may be gone.
  void asked(net::Socket* socket, std::size_t waiting) {
    if (socket == nullptr || paused_ || waiting < waiting_max) return;
    paused_ = true;
    socket->pause_reading();
  }
  void answered(net::Socket* socket, std::size_t waiting) {
    if (socket == nullptr || !paused_ || waiting >= waiting_max / 2) return;
    paused_ = false;
    socket->resume_reading();
  }

 private:
  static constexpr std::size_t waiting_max = 256;
  bool paused_ = false;
};

}  // namespace parley::shell
