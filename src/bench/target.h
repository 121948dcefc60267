// Where the server is, and sockets to it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::bench {

struct Target {
  std::string host;  // as a Host header has it, with the port
  sockaddr_storage address{};
  socklen_t address_size = 0;
  std::vector<Target> also{};  // further nodes of the same service: connections take turns
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] const Target& of_turn(std::size_t nth) const {
    const std::size_t turn = nth % (also.size() + 1);
    return turn == 0 ? *this : also[turn - 1];
  }
};

struct HostAndPort {
  std::string host;
  std::string port;
};

// ws://host[:port] or http://…, without a path.
[[nodiscard]] Result<HostAndPort> parse_url(std::string_view url);
[[nodiscard]] Result<Target> resolve(std::string_view url);

// A closed descriptor when it goes.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }
  [[nodiscard]] int fd() const { return fd_; }
  void close();

 private:
  int fd_ = -1;
};

// Connected when it returns; reads and writes give up after the time.
[[nodiscard]] Result<Socket> connect_blocking(const Target& target, std::chrono::seconds patience);
// Not connected yet. A loopback address has some 28,000 ports to call from, so the nth socket calls from 127.0.0.x.
// A receive buffer of the kernel's other than usual must be asked for before.
[[nodiscard]] Result<Socket> connect_later(const Target& target, std::size_t nth,
                                           int receive_buffer = 0);
[[nodiscard]] Error refused(const Target& target, int error_number);

// Allows as many descriptors as the system lets us; says what to do if that is too few.
[[nodiscard]] Result<void> allow_descriptors(std::size_t wanted);

}  // namespace parley::bench
