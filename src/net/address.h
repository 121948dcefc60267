// Socket addresses as text, and listening on one.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace parley::net {

struct Listening {
  int descriptor = -1;
  std::uint16_t port = 0;
};
enum class Others { none, may_listen_too };  // too: other loops, by SO_REUSEPORT
// Non-blocking; what accepted sockets inherit is set.
[[nodiscard]] Result<Listening> listen_on(const std::string& address, std::uint16_t port,
                                          Others others = Others::may_listen_too);

// Without port; an IPv4 address that came by an IPv6 socket is shown as IPv4.
[[nodiscard]] std::string address_text(const sockaddr_storage& address);

}  // namespace parley::net
