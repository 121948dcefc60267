#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "net/server.h"

namespace parley::net {
namespace {

// Unsent bytes the kernel holds for one connection: enough for a fast reader, and a stuck one holds no megabytes there.
constexpr int kernel_unsent_bytes = 128 * 1024;
constexpr int backlog = 4096;  // the kernel caps it at net.core.somaxconn

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Found> look_up(std::string address, std::uint16_t port) {
  if (address.empty() || address == "*") address = "::";
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  if (const int error = ::getaddrinfo(address.c_str(), service.c_str(), &wanted, &found);
      error != 0)
    return fail(Code::bad_request,
                "\"" + address + "\" is no address to listen on: " + ::gai_strerror(error));
  return Found(found, &::freeaddrinfo);
}

void set(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

void set_options(int descriptor, int family) {
  set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  if (family == AF_INET6) set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  // These the accepted sockets inherit: no further system call for each.
  set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kernel_unsent_bytes);
}

std::uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6)
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::uint16_t bound_port(int descriptor) {
  sockaddr_storage bound{};
  socklen_t bytes = sizeof bound;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &bytes);
  return port_of(bound);
}

}  // namespace

Result<Listening> listen_on(const std::string& address, std::uint16_t port, Others others) {
  TRY(found, look_up(address, port));
  const int descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor >= 0) {
    set_options(descriptor, found->ai_family);
    if (others == Others::may_listen_too) set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
    if (::bind(descriptor, found->ai_addr, found->ai_addrlen) == 0 &&
        ::listen(descriptor, backlog) == 0)
      return Listening{descriptor, bound_port(descriptor)};
  }
  const std::string why = std::strerror(errno);
  if (descriptor >= 0) ::close(descriptor);
  return fail(Code::unavailable, "can't listen on " + (address.empty() ? "*" : address) + " port " +
                                     std::to_string(port) + ": " + why);
}

Result<void> check_free(const std::string& address, std::uint16_t port) {
  TRY(listening, listen_on(address, port, Others::none));
  ::close(listening.descriptor);
  return {};
}

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const in6_addr& ip = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&ip))
      ::inet_ntop(AF_INET, &ip.s6_addr[12], text, sizeof text);
    else
      ::inet_ntop(AF_INET6, &ip, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text,
                sizeof text);
  }
  return text;
}

}  // namespace parley::net
