// Something with a descriptor that a reactor watches: an acceptor, an HTTP session, a WebSocket connection.
#pragma once

#include <cstdint>

#include "base/ref.h"

namespace parley::net {

class ServerShared;
class Socket;

// Lives on: its loop. Taken out of the reactor, it is kept until the end of the turn, so a callback never frees what it
// is called from.
class Watched : public RefCounted {
 public:
  // What epoll reports; 0: bytes may be waiting which epoll does not know of.
  virtual void ready(std::uint32_t events) = 0;
  // The time set with Reactor::wake_at() has come.
  virtual void time_is_up() = 0;

  // For a server that stops: what belongs to it, and how to end it.
  [[nodiscard]] virtual const ServerShared* server() const { return nullptr; }
  [[nodiscard]] virtual Socket* socket() { return nullptr; }
  virtual void finish() {}  // politely: nothing new is begun
  virtual void drop() {}    // at once
};

}  // namespace parley::net
