#include "net/uring.h"

#include <liburing.h>

#include <cerrno>

#include "base/assert.h"

namespace parley::net {

class Uring::Ring {
 public:
  Ring() {
    // Only this thread submits, and it waits for the results anyway: the kernel need not interrupt it with them.
    open_ = open(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN) || open(0);
    if (!open_) return;
    io_uring_probe* probe = io_uring_get_probe_ring(&ring);
    knows_sends_ = probe != nullptr && io_uring_opcode_supported(probe, IORING_OP_SENDMSG) != 0 &&
                   io_uring_opcode_supported(probe, IORING_OP_SEND) != 0;
    io_uring_free_probe(probe);
  }
  ~Ring() {
    if (open_) io_uring_queue_exit(&ring);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  [[nodiscard]] bool usable() const { return open_ && knows_sends_; }

  io_uring ring{};

 private:
  bool open(unsigned flags) { return io_uring_queue_init(sends_max, &ring, flags) == 0; }

  bool open_ = false;
  bool knows_sends_ = false;
};

namespace {

void submit(io_uring& ring, Uring::Send& send) {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  io_uring_sqe* entry = io_uring_get_sqe(&ring);
  PARLEY_ASSERT(entry != nullptr);  // the ring is as long as what we are given, and empty before
  if (send.message.msg_iovlen == 1) {
    const iovec& part = *send.message.msg_iov;
    io_uring_prep_send(entry, send.descriptor, part.iov_base, part.iov_len, flags);
  } else {
    io_uring_prep_sendmsg(entry, send.descriptor, &send.message, flags);
  }
  io_uring_sqe_set_data(entry, &send);
}

std::size_t reap(io_uring& ring) {
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* entry = nullptr;
  io_uring_for_each_cqe(&ring, head, entry) {
    static_cast<Uring::Send*>(io_uring_cqe_get_data(entry))->result = entry->res;
    ++count;
  }
  io_uring_cq_advance(&ring, count);
  return count;
}

}  // namespace

Uring::Uring() = default;
Uring::~Uring() = default;

bool Uring::works() {
  if (!asked_) {
    asked_ = true;
    ring_ = std::make_unique<Ring>();
    if (!ring_->usable()) stop_using();
  }
  return ring_ != nullptr;
}

void Uring::stop_using() { ring_.reset(); }

void Uring::send_all(std::span<Send> sends) {
  PARLEY_ASSERT(ring_ != nullptr && sends.size() <= sends_max);
  for (Send& send : sends) submit(ring_->ring, send);
  std::size_t done = 0;
  while (done < sends.size()) {
    const int submitted =
        io_uring_submit_and_wait(&ring_->ring, static_cast<unsigned>(sends.size() - done));
    const std::size_t reaped = reap(ring_->ring);
    done += reaped;
    if (submitted < 0 && submitted != -EINTR && reaped == 0) return stop_using();
  }
}

}  // namespace parley::net
