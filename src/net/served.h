// What everything that serves one listening address on one loop shares.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "net/http.h"
#include "net/reactor.h"
#include "net/server.h"

namespace parley::net {

// Lives on: its loop, as long as a session, connection or handler's task needs it.
class ServerShared : public std::enable_shared_from_this<ServerShared> {
 public:
  ServerShared(Loop& loop, Reactor& reactor, Handler& handler, Limits limits,
               std::shared_ptr<TlsContext> tls);

  Loop& loop;
  Reactor& reactor;
  Handler& handler;
  const Limits limits;
  const std::shared_ptr<TlsContext> tls;
  bool stopping = false;  // answers end their connection
  std::size_t sockets = 0;

  // Held by whatever is alive for this server.
  class Presence {
   public:
    explicit Presence(std::shared_ptr<ServerShared> server) : server_(std::move(server)) {
      server_->arrived();
    }
    Presence(const Presence& other) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence() { server_->left(); }
    ServerShared* operator->() const { return server_.get(); }
    [[nodiscard]] const std::shared_ptr<ServerShared>& shared() const { return server_; }

   private:
    std::shared_ptr<ServerShared> server_;
  };
  [[nodiscard]] std::size_t present() const { return present_; }
  // Called once, in a turn of its own, when nobody is present.
  void when_empty(Work work);

 private:
  void arrived() { ++present_; }
  void left();

  std::size_t present_ = 0;
  Work when_empty_;
};

}  // namespace parley::net
