// A listening address on one loop, and what it serves.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/networks.h"
#include "net/tls.h"

namespace parley::net {

struct Limits {
  std::size_t header_bytes = 16 * 1024;       // above: 431
  std::size_t body_bytes = 1024 * 1024;       // above: 413
  std::size_t message_bytes = 1024 * 1024;    // a WebSocket message; above: close 1009
  std::size_t queue_bytes = 1024 * 1024 * 2;  // waiting for one connection; above: close 4008
  std::size_t connections = 1'000'000;        // per loop; above: accepted and closed with 503
  std::chrono::milliseconds header_timeout{10'000};  // first byte to whole header; above: 408
  std::chrono::milliseconds body_timeout{
      30'000};  // longer while it comes at 16 KB/s; also to take an answer
  std::chrono::milliseconds idle_timeout{75'000};  // keep-alive without a request
  std::chrono::milliseconds heartbeat{25'000};  // WebSocket pings; silent for two of them: closed
  std::chrono::milliseconds close_timeout{5'000};
  // Whose X-Forwarded-For is believed; empty: nobody's.
  std::shared_ptr<const Networks> proxies = nullptr;
  // How long more frames may wait than a door lets wait: a burst that its reader takes harms nobody.
  std::chrono::milliseconds full_timeout{10'000};
};

// Nobody listens there. To be asked before the first start(): loops share an address, and so another process could
// silently take half of its connections.
[[nodiscard]] Result<void> check_free(const std::string& address, std::uint16_t port);

// Lives on: its loop. start() and stop() are called there.
class Server {
 public:
  // `tls` may be null (plain). With port 0 the system chooses; several loops share an address by SO_REUSEPORT.
  Server(Loop& loop, Handler& handler, Limits limits, std::shared_ptr<TlsContext> tls);
  // What is left is dropped.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // An IPv4 or IPv6 address, or a name for one; "", "*" and "::" are all there are of both.
  [[nodiscard]] Result<std::uint16_t> start(const std::string& address, std::uint16_t port);
  // No new connections; idle HTTP connections are closed, running requests are finished first.
  void stop_accepting();
  // Every WebSocket: fn(socket). For draining.
  void each_socket(const std::function<void(Socket&)>& fn);
  // The socket if it is still there and not closing.
  [[nodiscard]] Socket* find(SocketId id);
  // Closes what is left, at the latest after `patience`; done when nothing of this server is alive on the loop, so also
  // no task of the handler's.
  Task<void> stop(std::chrono::milliseconds patience);
  [[nodiscard]] std::size_t sockets() const;

 private:
  class Inside;
  std::shared_ptr<Inside> inside_;
};

}  // namespace parley::net
