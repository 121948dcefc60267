#include "net/server.h"

#include "net/acceptor.h"
#include "net/loop_inside.h"
#include "net/served.h"

namespace parley::net {

class Server::Inside {
 public:
  Inside(Loop& loop, Handler& handler, Limits limits, std::shared_ptr<TlsContext> tls)
      : shared(std::make_shared<ServerShared>(loop, loop.inside().reactor, handler, limits,
                                              std::move(tls))) {}

  void stop_accepting() {
    if (Ref<Acceptor> last = std::exchange(acceptor, {})) last->stop();
    shared->stopping = true;
    each([](Watched& watched) {
      if (watched.socket() == nullptr) watched.finish();
    });
  }
  void each(const std::function<void(Watched&)>& visit) const {
    shared->reactor.each([this, &visit](Watched& watched) {
      if (watched.server() == shared.get()) visit(watched);
    });
  }
  void drop_all() const {
    each([](Watched& watched) { watched.drop(); });
  }

  std::shared_ptr<ServerShared> shared;
  Ref<Acceptor> acceptor;
};

Server::Server(Loop& loop, Handler& handler, Limits limits, std::shared_ptr<TlsContext> tls)
    : inside_(std::make_shared<Inside>(loop, handler, limits, std::move(tls))) {}

Server::~Server() {
  inside_->shared->loop.assert_here();
  inside_->stop_accepting();
  inside_->drop_all();
}

Result<std::uint16_t> Server::start(const std::string& address, std::uint16_t port) {
  inside_->shared->loop.assert_here();
  inside_->acceptor = make_ref<Acceptor>(*inside_->shared);
  auto started = inside_->acceptor->listen(address, port);
  if (!started) inside_->acceptor = {};
  return started;
}

void Server::stop_accepting() {
  inside_->shared->loop.assert_here();
  inside_->stop_accepting();
}

void Server::each_socket(const std::function<void(Socket&)>& fn) {
  inside_->each([&fn](Watched& watched) {
    if (Socket* socket = watched.socket()) fn(*socket);
  });
}

Socket* Server::find(SocketId id) {
  if (id.loop != inside_->shared->loop.index()) return nullptr;
  Watched* watched = inside_->shared->reactor.find({id.slot, id.generation});
  return watched != nullptr && watched->server() == inside_->shared.get() ? watched->socket()
                                                                          : nullptr;
}

Task<void> Server::stop(std::chrono::milliseconds patience) {
  const std::shared_ptr<Inside> inside = inside_;
  Loop& loop = inside->shared->loop;
  inside->stop_accepting();
  inside->each([](Watched& watched) { watched.finish(); });
  const auto timer = loop.after(patience, [inside] { inside->drop_all(); });
  co_await called_back<bool>([inside](std::move_only_function<void(bool)> done) {
    inside->shared->when_empty([done = std::move(done)]() mutable { done(true); });
  });
  loop.cancel(timer);
}

std::size_t Server::sockets() const { return inside_->shared->sockets; }

}  // namespace parley::net
