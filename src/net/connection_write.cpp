#include <array>

#include "net/connection.h"
#include "net/writer.h"

namespace parley::net {

bool Connection::prepare_to_write() {
  dirty_ = false;
  if (dropped_) return false;
  if (too_slow_ && !closing_) give_up_on_slow_reader();
  return can_write();
}

void Connection::write(std::span<char> scratch) {
  std::array<iovec, parts_max> some;
  while (can_write()) {
    std::size_t count = 1;
    if (secure())
      some[0] = {scratch.data(), queue_.gather(scratch)};
    else
      count = queue_.parts(some);
    const IoResult result = stream_.write(std::span(some).first(count));
    if (secure()) promised_ = result.some() ? 0 : static_cast<std::uint32_t>(some[0].iov_len);
    written(result);
  }
}

void Connection::written(IoResult result) {
  if (dropped_) return;
  switch (result.kind) {
    case IoResult::Kind::some:
      queue_.written(result.bytes);
      if (queue_.frames() <= frames_max_) full_ = false;
      reactor().count_sent(result.bytes);
      blocked_at_ = reactor().now();
      break;
    case IoResult::Kind::wait_writable:
      blocked_ = true;
      update_interest();
      break;
    case IoResult::Kind::wait_readable:  // only in a handshake, and that is done
    case IoResult::Kind::ended:
      broken();
      break;
  }
}

// Epoll tells of it, too: where very many are broken, all of them are seen to behind the others.
void Connection::broken() {
  if (secure()) return drop(last_code());
  blocked_ = true;
  update_interest();
  reactor().fall_behind(place_, interest_);
}

void Connection::after_writing() {
  if (dropped_) return;
  update_interest();
  if (!closing_) return read_again_if_allowed();
  if (!queue_.empty()) return;
  if (answered_) return drop(code_);
  // The peer may still be sending, and closing now would make the kernel throw our close frame away with a reset. So we
  // wait for the peer's end.
  if (deaf_ && !finished_) {
    finished_ = true;
    stream_.finish_writing();
  }
}

}  // namespace parley::net
