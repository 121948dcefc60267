// Many small sends in one system call, by io_uring; where the kernel has it and allows it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <span>

namespace parley::net {

// Lives on: the thread that first uses it.
class Uring {
 public:
  Uring();
  ~Uring();

  static constexpr std::size_t sends_max = 256;
  static constexpr long unsent = INT32_MIN;
  struct Send {
    int descriptor = -1;
    msghdr message{};      // its parts must stay until send_all() is done
    long result = unsent;  // as of sendmsg(), or a negative errno
  };

  // False: this machine has none, which is asked once.
  [[nodiscard]] bool works();
  // At most sends_max, none of which waits. One that is still `unsent` afterwards must be sent otherwise.
  void send_all(std::span<Send> sends);

 private:
  class Ring;
  void stop_using();

  std::unique_ptr<Ring> ring_;
  bool asked_ = false;
};

}  // namespace parley::net
