// Writes what a turn has queued: one system call a connection, or one for all of them.
#pragma once

#include <memory>
#include <vector>

namespace parley::net {

class Connection;

inline constexpr std::size_t parts_max = 128;              // of one sendmsg
inline constexpr std::size_t tls_record_bytes = 16 * 1024;  // the largest there is

class Writer {
 public:
  Writer();
  ~Writer();
  void flush(const std::vector<Connection*>& dirty);

 private:
  std::unique_ptr<char[]> scratch_;  // a record's worth, gathered
};

}  // namespace parley::net
