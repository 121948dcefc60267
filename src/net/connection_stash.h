// Input of a connection that came while nobody may read it.
#pragma once

#include <string>

#include "net/connection.h"

namespace parley::net {

struct Connection::Stash {
  std::string bytes;      // with slack_bytes of capacity behind
  std::size_t taken = 0;  // of its front
};

}  // namespace parley::net
