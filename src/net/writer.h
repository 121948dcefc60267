// Writes what a turn has queued: one system call a connection, or one for many of them.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <vector>

#include "net/uring.h"

namespace parley::net {

class Connection;

inline constexpr std::size_t parts_max = 128;               // of one sendmsg
inline constexpr std::size_t tls_record_bytes = 16 * 1024;  // the largest there is

class Writer {
 public:
  Writer();
  ~Writer();
  void flush(const std::vector<Connection*>& dirty);

 private:
  void write_together(std::span<Connection* const> plain);
  void write_alone(Connection& connection);
  [[nodiscard]] std::size_t collect(std::span<Connection* const> plain);

  std::unique_ptr<char[]> scratch_;  // a record's worth, gathered
  std::vector<Connection*> plain_;   // that want to write
  // For one submission:
  Uring uring_;
  std::vector<Uring::Send> sends_;
  std::vector<Connection*> senders_;
  std::vector<iovec> parts_;
};

}  // namespace parley::net
