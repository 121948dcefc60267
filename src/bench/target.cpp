#include "bench/target.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace parley::bench {
namespace {

constexpr std::size_t ports_per_address = 20'000;

std::unexpected<Error> system_error(std::string_view what) {
  return fail(Code::unavailable, fmt::format("{}: {}", what, std::strerror(errno)));
}

void without_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Result<void> call_from(int fd, std::size_t nth) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(nth / ports_per_address));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) {
    return system_error("cannot call from another loopback address");
  }
  return {};
}

}  // namespace

bool Target::is_loopback() const {
  if (address.ss_family != AF_INET) return false;
  const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
  return (ntohl(ipv4.sin_addr.s_addr) >> 24U) == 127;
}

Result<HostAndPort> parse_url(std::string_view url) {
  std::string_view rest = url;
  if (rest.starts_with("wss://") || rest.starts_with("https://")) {
    return fail(Code::bad_request, "--url: the load client does not speak TLS yet; use ws://");
  }
  if (rest.starts_with("ws://"))
    rest.remove_prefix(5);
  else if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  else
    return fail(Code::bad_request, "--url must begin with ws://");
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto after_host = rest.starts_with('[') ? rest.find(']') : 0;
  const auto colon = rest.find(':', after_host == rest.npos ? 0 : after_host);
  std::string_view host = rest.substr(0, colon);
  const std::string_view port = colon == rest.npos ? "80" : rest.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == port.npos;
  if (host.empty() || !digits || host.find_first_of("/?#@[]") != host.npos) {
    return fail(Code::bad_request, "--url is not ws://host:port");
  }
  return HostAndPort{std::string(host), std::string(port)};
}

Result<Target> resolve(std::string_view url) {
  TRY(where, parse_url(url));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found);
  if (failed != 0) {
    return fail(Code::unavailable, fmt::format("{}: {}", where.host, ::gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  Target target;
  const bool ipv6 = where.host.find(':') != std::string::npos;
  target.host = ipv6 ? fmt::format("[{}]:{}", where.host, where.port)
                     : fmt::format("{}:{}", where.host, where.port);
  std::memcpy(&target.address, found->ai_addr, found->ai_addrlen);
  target.address_size = found->ai_addrlen;
  return target;
}

void Socket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error refused(const Target& target, int error_number) {
  return {Code::unavailable,
          fmt::format("cannot connect to {}: {}{}", target.host, std::strerror(error_number),
                      error_number == ECONNREFUSED ? "; is the server running?" : ""),
          {}};
}

Result<Socket> connect_blocking(const Target& target, std::chrono::seconds patience) {
  Socket socket(::socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return system_error("no socket");
  const timeval time{.tv_sec = patience.count(), .tv_usec = 0};
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  without_delay(socket.fd());
  const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
  if (::connect(socket.fd(), address, target.address_size) != 0) {
    return fail(refused(target, errno));
  }
  return socket;
}

Result<Socket> connect_later(const Target& service, std::size_t nth, int receive_buffer) {
  const Target& target = service.of_turn(nth);
  Socket socket(::socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.fd() < 0) return system_error("no socket");
  without_delay(socket.fd());
  if (receive_buffer > 0) {
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  if (nth >= ports_per_address && target.is_loopback()) TRY_DO(call_from(socket.fd(), nth));
  const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
  if (::connect(socket.fd(), address, target.address_size) != 0 && errno != EINPROGRESS) {
    return fail(refused(target, errno));
  }
  return socket;
}

Result<void> allow_descriptors(std::size_t wanted) {
  constexpr std::size_t own = 64;  // what the process has open besides
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed = std::max<rlim_t>(limit.rlim_max, wanted + own);
  const rlimit raised{needed, needed};  // above the hard limit only if we are root
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return {};
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted + own) return {};
  return fail(Code::unavailable,
              fmt::format("{} connections need {} file descriptors, but this process may have {}; "
                          "raise the hard limit (ulimit -Hn) or ask for fewer connections",
                          wanted, wanted + own, limit.rlim_cur));
}

}  // namespace parley::bench
