#include "net/acceptor.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/log.h"
#include "net/address.h"
#include "net/http_session.h"
#include "net/tls_inside.h"

namespace parley::net {
namespace {

// A turn takes no more, so a storm of new clients doesn't stop the old ones.
constexpr int accepts_a_turn = 16;
constexpr std::chrono::milliseconds pause_time{100};
constexpr std::string_view full =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: "
    "close\r\n\r\n";

// The client's fault, or nobody's: the next one may be fine.
bool concerns_one_client(int error) {
  return error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM ||
         error == ENETDOWN || error == EHOSTUNREACH || error == ENETUNREACH;
}

}  // namespace

Acceptor::~Acceptor() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::uint16_t> Acceptor::listen(const std::string& address, std::uint16_t port) {
  TRY(listening, listen_on(address, port));
  descriptor_ = listening.descriptor;
  if (!server_.reactor.add(Ref<Watched>(this), place_, descriptor_, EPOLLIN))
    return fail(Code::unavailable, "the kernel can't watch another socket");
  return listening.port;
}

void Acceptor::stop() {
  while (accept_one() == Next::another) continue;
  server_.reactor.remove(place_);
  ::close(std::exchange(descriptor_, -1));
}

void Acceptor::ready(std::uint32_t) {
  for (int i = 0; i < accepts_a_turn; ++i)
    if (accept_one() == Next::none) return;
}

Acceptor::Next Acceptor::accept_one() {
  sockaddr_storage remote{};
  socklen_t bytes = sizeof remote;
  const int accepted = ::accept4(descriptor_, reinterpret_cast<sockaddr*>(&remote), &bytes,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted >= 0) {
    welcome(accepted, address_text(remote));
    return Next::another;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return Next::none;
  if (concerns_one_client(errno)) return Next::another;
  log::warn("can't accept a connection", {{"reason", std::strerror(errno)}});
  pause();
  return Next::none;
}

// No descriptors or memory left: the client stays in the kernel's queue, and being told of it again at once would only
// burn time.
void Acceptor::pause() {
  server_.reactor.watch(place_, 0);
  server_.reactor.wake_after(place_, pause_time);
}

void Acceptor::time_is_up() { server_.reactor.watch(place_, EPOLLIN); }

void Acceptor::welcome(int descriptor, std::string remote_address) {
  ssl_st* ssl = nullptr;
  if (server_.present() >= server_.limits.connections) {
    if (server_.tls == nullptr) ::send(descriptor, full.data(), full.size(), MSG_NOSIGNAL);
    ::close(descriptor);
    return;
  }
  if (server_.tls != nullptr) {
    ssl = server_.tls->inside().accept_on(descriptor);
    if (ssl == nullptr) {
      ::close(descriptor);
      return;
    }
  }
  const auto session = make_ref<HttpSession>(
      server_.shared_from_this(), ByteStream(descriptor, ssl), std::move(remote_address));
  if (!session->start()) log::warn("can't watch a connection", {});
}

}  // namespace parley::net
