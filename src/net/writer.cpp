#include "net/writer.h"

#include "net/connection.h"

namespace parley::net {
namespace {
// Fewer are as quick one by one.
constexpr std::size_t together_min = 4;
// Of all connections in one submission; a burst of frames for each is then written alone.
constexpr std::size_t parts_together_max = 4096;
}  // namespace

Writer::Writer() : scratch_(std::make_unique<char[]>(tls_record_bytes)) {}
Writer::~Writer() = default;

void Writer::flush(const std::vector<Connection*>& dirty) {
  plain_.clear();
  for (Connection* connection : dirty) {
    const bool wants = connection->prepare_to_write();
    if (wants && connection->secure())
      write_alone(*connection);
    else if (wants)
      plain_.push_back(connection);
    else
      connection->after_writing();
  }
  if (plain_.size() >= together_min && uring_.works()) return write_together(plain_);
  for (Connection* connection : plain_) write_alone(*connection);
}

void Writer::write_alone(Connection& connection) {
  connection.write({scratch_.get(), tls_record_bytes});
  connection.after_writing();
}

void Writer::write_together(std::span<Connection* const> plain) {
  while (!plain.empty()) {
    plain = plain.subspan(collect(plain));
    if (uring_.works()) uring_.send_all(sends_);
    for (std::size_t i = 0; i < senders_.size(); ++i) {
      if (sends_[i].result != Uring::unsent)
        senders_[i]->written(ByteStream::outcome_of_send(sends_[i].result));
      write_alone(*senders_[i]);  // what did not fit, or was not sent
    }
  }
}

// Fills the next submission from the front of `plain`; returns how many of them are done with.
std::size_t Writer::collect(std::span<Connection* const> plain) {
  parts_.resize(parts_together_max);
  sends_.clear();
  senders_.clear();
  std::span<iovec> room(parts_);
  std::size_t taken = 0;
  for (; taken < plain.size() && senders_.size() < Uring::sends_max && !room.empty(); ++taken) {
    Connection& connection = *plain[taken];
    if (!connection.can_write())
      continue;  // a handler that was told of another's end has changed that
    const std::size_t count = connection.parts(room.first(std::min(room.size(), parts_max)));
    Uring::Send send{.descriptor = connection.descriptor()};
    send.message.msg_iov = room.data();
    send.message.msg_iovlen = count;
    sends_.push_back(send);
    senders_.push_back(&connection);
    room = room.subspan(count);
  }
  return taken;
}

}  // namespace parley::net
