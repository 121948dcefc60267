#include "store/conformance/cutting_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <span>

#include "base/assert.h"

namespace parley::store {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  PARLEY_ASSERT(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return socket;
}

bool send_all(int socket, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(std::uint16_t target) : target_(target) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  PARLEY_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                ::listen(listener_, 64) == 0);
  PARLEY_ASSERT(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

CuttingProxy::~CuttingProxy() {
  ended_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void CuttingProxy::cut_at_request(int n, bool delivered) {
  std::lock_guard lock(mutex_);
  requests_left_ = n;
  delivered_ = delivered;
}

bool CuttingProxy::is_the_last(bool& deliver) {
  std::lock_guard lock(mutex_);
  if (requests_left_ == 0) return false;
  --requests_left_;
  if (requests_left_ > 0) return false;
  deliver = delivered_;
  ++cuts_;
  return true;
}

void CuttingProxy::accept_all() {
  for (;;) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    threads_.emplace_back([this, client] { carry(client); });
  }
}

// Both ways, until one side ends or the moment has come. A request is what one read brings: libpq sends a pipeline in
// one piece while it is small.
void CuttingProxy::carry(int client) {
  const int server = connect_to(target_);
  std::array<char, 65'536> buffer{};
  bool deaf = false;  // waits for the database to have worked, throwing away what it says
  for (bool going = true; going && !ended_ && !away_;) {
    std::array<pollfd, 2> both{
        {{client, static_cast<short>(deaf ? 0 : POLLIN), 0}, {server, POLLIN, 0}}};
    if (::poll(both.data(), both.size(), 50) < 0) break;
    if (!deaf && both[0].revents != 0) {
      const ssize_t size = ::recv(client, buffer.data(), buffer.size(), 0);
      bool deliver = true;
      const bool last = size > 0 && is_the_last(deliver);
      going = size > 0 && deliver &&
              send_all(server, std::span(buffer).first(static_cast<std::size_t>(size)));
      deaf = last;
    }
    if (going && both[1].revents != 0) {
      const ssize_t size = ::recv(server, buffer.data(), buffer.size(), 0);
      going = size > 0 && !deaf &&
              send_all(client, std::span(buffer).first(static_cast<std::size_t>(size)));
    }
  }
  ::close(client);
  ::close(server);
}

}  // namespace parley::store
