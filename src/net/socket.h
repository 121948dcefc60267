// A live WebSocket connection, as a dialect sees it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/frame.h"

namespace parley::net {

class Loop;

// Where a connection is, safe to keep when it has gone: loop, slot and the slot's generation.
struct SocketId {
  std::uint32_t loop = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  friend bool operator==(const SocketId&, const SocketId&) = default;
};

// Lives on: its loop. A reference is valid until SocketHandler::closed() has returned.
class Socket {
 public:
  [[nodiscard]] virtual SocketId id() const = 0;
  [[nodiscard]] virtual Loop& loop() = 0;
  // Queues the frame; everything queued in one turn of the loop leaves in one write. Past its limits the connection
  // is closed with 4008 at the end of the turn (never inside this call). After close() frames are dropped.
  virtual void send(FrameRef frame) = 0;
  void send_text(std::string_view payload) { send(Frame::text(payload)); }
  // Sends what is queued, then a close frame; the socket goes when the peer answers or after a few seconds.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  // No further message is handed out until resume_reading(): backpressure on the sender. Nested calls count once.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // Little waits to go out: a frame more comes nowhere near the limits.
  [[nodiscard]] virtual bool has_room() const = 0;
  [[nodiscard]] virtual std::string_view remote_address() const = 0;

 protected:
  ~Socket() = default;
};

// What a dialect makes of one connection. Owned by the connection, destroyed right after closed().
class SocketHandler {
 public:
  virtual ~SocketHandler() = default;
  // Once, before any message, on the connection's loop.
  virtual void opened(Socket& socket) = 0;
  // A whole text (checked to be UTF-8) or binary message. The view is valid during the call and has at least
  // 64 readable bytes of slack behind it (simdjson reads in place).
  virtual void message(std::string_view payload, bool binary) = 0;
  // Once: the connection is gone; `code` is the peer's or our close code, 1006 where there was none.
  virtual void closed(std::uint16_t code) = 0;
};

}  // namespace parley::net
