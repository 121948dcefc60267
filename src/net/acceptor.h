// A listening socket on one loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/served.h"

namespace parley::net {

// Lives on: its loop.
class Acceptor final : public Watched {
 public:
  explicit Acceptor(ServerShared& server) : server_(server) {}
  ~Acceptor() override;

  [[nodiscard]] Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);
  // Takes those who are already through the kernel's handshake, and no others.
  void stop();

  void ready(std::uint32_t events) override;
  void time_is_up() override;

 private:
  enum class Next { another, none };
  Next accept_one();
  void welcome(int descriptor, std::string remote_address);
  void pause();

  ServerShared& server_;
  Place place_;
  int descriptor_ = -1;
};

}  // namespace parley::net
