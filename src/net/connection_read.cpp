#include <sys/epoll.h>

#include "net/connection.h"
#include "net/connection_stash.h"

namespace parley::net {
namespace {

// Records of TLS that one connection may have read in a turn; the others come after.
constexpr int tls_reads_max = 16;
// With this much waiting to go out, no more commands are taken in whose answers would be added to it.
constexpr std::size_t choke_bytes = 256 * 1024;

}  // namespace

bool Connection::may_read() const {
  if (paused_) return false;
  return closing_ || has_room();
}

bool Connection::has_room() const {
  return queue_.weight() <= std::min(choke_bytes, server_->limits.queue_bytes / 2);
}

void Connection::ready(std::uint32_t events) {
  if (dropped_) return;
  const bool writable = (events & EPOLLOUT) != 0;
  if (writable) {
    blocked_ = false;  // EPOLLOUT is taken out of the set after writing, if that went well
    mark_dirty();
  }
  // A read of TLS may have waited for being able to write.
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 || !writable || secure()) read(events);
}

void Connection::read(std::uint32_t events) {
  if (!may_read()) {
    withheld_ = true;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) return drop(last_code());
    if (!listening_) return;
    listening_ = false;
    return update_interest();
  }
  if (!read_stash()) return;
  for (int i = 0; i < tls_reads_max; ++i) {
    const IoResult got = stream_.read(reactor().read_buffer());
    if (got.ended()) return drop(last_code());
    if (got.kind == IoResult::Kind::wait_writable) {
      blocked_ = true;
      return update_interest();
    }
    if (!got.some()) return;
    reactor().count_received(got.bytes);
    heard_ = reactor().now();
    std::span<char> input = reactor().read_buffer().first(got.bytes);
    consume(input);
    if (dropped_) return;
    if (!input.empty()) put_aside(input);
    if (!may_read()) {
      withheld_ = true;
      return;
    }
    if (!stream_.has_buffered()) return;  // epoll tells when there is more
  }
  reactor().again(place_);
}

// False: there is something left in it, or the connection is gone.
bool Connection::read_stash() {
  if (stash_ == nullptr) return true;
  std::span<char> input = std::span(stash_->bytes).subspan(stash_->taken);
  consume(input);
  if (dropped_) return false;
  stash_->taken = stash_->bytes.size() - input.size();
  if (!input.empty()) return false;
  stash_.reset();
  return may_read();
}

void Connection::put_aside(std::span<char> rest) {
  withheld_ = true;
  stash_ = std::make_unique<Stash>();
  stash_->bytes.reserve(rest.size() + slack_bytes);
  stash_->bytes.assign(rest.data(), rest.size());
}

// Leaves in `input` what may not be read now.
void Connection::consume(std::span<char>& input) {
  while (may_read()) {
    if (deaf_) {
      input = {};
      return;
    }
    const WsDecoder::Event event = decoder_.next(input, reactor().inflater());
    if (event.kind == WsDecoder::Kind::more) return;
    received(event);
    if (dropped_) return;
  }
  withheld_ = true;
}

void Connection::received(const WsDecoder::Event& event) {
  switch (event.kind) {
    case WsDecoder::Kind::message:
      if (!closing_ && !too_slow_) handler_->message(event.payload, event.binary);
      if (!settled_ && !dropped_) settle();
      break;
    case WsDecoder::Kind::ping:
      send(Frame::control(Opcode::pong, event.payload));
      break;
    case WsDecoder::Kind::close:
      peer_closed(event);
      break;
    case WsDecoder::Kind::failed:
      fail(event.code, event.payload);
      break;
    case WsDecoder::Kind::pong:
    case WsDecoder::Kind::more:
      break;
  }
}

void Connection::settle() {
  settled_ = true;
  reactor().settle(place_, interest_);
}

void Connection::fail(std::uint16_t code, std::string_view why) {
  deaf_ = true;
  // Said before we knew better: it stays.
  if (closing_)
    mark_dirty();
  else
    begin_close(code, why);
}

void Connection::peer_closed(const WsDecoder::Event& event) {
  deaf_ = answered_ = true;
  if (closing_)
    mark_dirty();
  else
    begin_close(event.code, event.payload);
}

void Connection::resume_reading() {
  paused_ = false;
  if (!dropped_) read_again_if_allowed();
}

void Connection::read_again_if_allowed() {
  if (!withheld_ || !may_read()) return;
  withheld_ = false;
  listening_ = true;
  heard_ = reactor().now();  // silence counts from here
  update_interest();
  if (stash_ != nullptr || stream_.has_buffered()) reactor().again(place_);
}

}  // namespace parley::net
