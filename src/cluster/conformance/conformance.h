// cluster/conformance: what every transport between nodes owes, as cases that each adapter runs against its real server.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/transport.h"

namespace parley::cluster {

// A server of the adapter's kind, running on a port of its own on loopback. Stopped by its own process id.
class ServerProcess {
 public:
  // The command for a port.
  using Command = std::function<std::vector<std::string>(int port)>;
  explicit ServerProcess(Command command);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  void start();
  void halt();
  [[nodiscard]] int port() const { return port_; }

 private:
  int port_;
  Command command_;
  int process_ = -1;
};

struct TransportKind {
  std::string name;
  ServerProcess::Command command;
  std::function<std::unique_ptr<Transport>(int port)> connect;
};

class TransportConformance : public testing::TestWithParam<TransportKind> {};

}  // namespace parley::cluster
