// What a connection's owner does with it, and how it ends. Reading is in connection_read.cpp, writing in
// connection_write.cpp.
#include "net/connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "base/metrics.h"
#include "net/connection_stash.h"
#include "net/http.h"
#include "net/loop.h"

namespace parley::net {
namespace {

constexpr std::size_t close_reason_bytes_max = 123;

metrics::Gauge& open_sockets() {
  static auto& gauge = metrics::gauge("parley_net_sockets", "WebSockets that are open");
  return gauge;
}

void count_closed(std::uint16_t code) {
  const auto of = [](const char* reason) -> metrics::Counter& {
    return metrics::counter("parley_net_sockets_closed_total",
                            "WebSockets that have ended, by reason", {{"reason", reason}});
  };
  static auto& slow = of("slow_reader");
  static auto& large = of("too_large");
  static auto& protocol = of("protocol");
  static auto& lost = of("lost");
  static auto& closed = of("closed");
  switch (code) {
    case ws_code::slow_reader:
      return slow.Increment();
    case ws_code::too_large:
      return large.Increment();
    case ws_code::protocol_error:
    case ws_code::bad_text:
      return protocol.Increment();
    case ws_code::abnormal:
      return lost.Increment();
    default:
      return closed.Increment();
  }
}

// The longest front of the text that fits and does not end inside a character.
std::string_view clipped(std::string_view reason) {
  if (reason.size() <= close_reason_bytes_max) return reason;
  std::size_t end = close_reason_bytes_max;
  while (end > 0 && (static_cast<std::uint8_t>(reason[end]) & 0xC0) == 0x80) --end;
  return reason.substr(0, end);
}

FrameRef close_frame(std::uint16_t code, std::string_view reason) {
  if (code == ws_code::none) return Frame::control(Opcode::close, {});
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload += clipped(reason);
  return Frame::control(Opcode::close, payload);
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerShared> server, ByteStream stream, Place place,
                       std::string remote_address, Packing packing, const Upgrade& terms)
    : server_(std::move(server)),
      stream_(std::move(stream)),
      decoder_(static_cast<std::uint32_t>(
                   std::min({server_->limits.message_bytes, std::size_t{UINT32_MAX},
                             terms.message_bytes == 0 ? SIZE_MAX : terms.message_bytes})),
               packing == Packing::deflated),
      remote_address_(std::move(remote_address)),
      place_(place),
      heard_(reactor().now()),
      blocked_at_(heard_),
      frames_max_(terms.queue_frames == 0 ? UINT32_MAX : terms.queue_frames),
      code_(terms.slow_code == 0 ? ws_code::slow_reader : terms.slow_code) {
  queue_.packing(packing);
}

Connection::~Connection() = default;

void Connection::open(std::unique_ptr<SocketHandler> handler, std::string_view answer,
                      std::string early) {
  ++server_->sockets;
  open_sockets().Increment();
  handler_ = std::move(handler);
  reactor().wake_after(place_, server_->limits.heartbeat);
  queue(Frame::raw(answer));
  update_interest();
  if (!early.empty()) put_aside(early);
  withheld_ = true;  // TLS may hold bytes too
  handler_->opened(*this);
  if (!dropped_) read_again_if_allowed();
}

SocketId Connection::id() const { return {server_->loop.index(), place_.slot, place_.generation}; }

void Connection::send(FrameRef frame) {
  if (closing_ || too_slow_ || dropped_) return;
  queue(std::move(frame));
  too_slow_ = queue_.weight() > server_->limits.queue_bytes ||
              (queue_.frames() > frames_max_ && stays_full());
}

bool Connection::stays_full() {
  const Instant now = reactor().now();
  if (!full_) full_since_ = now;
  full_ = true;
  return now - full_since_ >= server_->limits.full_timeout;
}

void Connection::queue(FrameRef frame) {
  queue_.push(std::move(frame));
  mark_dirty();
}

void Connection::mark_dirty() {
  if (dirty_ || dropped_) return;
  dirty_ = true;
  reactor().dirty(*this);
}

void Connection::close(std::uint16_t code, std::string_view reason) {
  if (!closing_ && !dropped_) begin_close(code, reason);
}

void Connection::begin_close(std::uint16_t code, std::string_view reason) {
  closing_ = true;
  code_ = code;
  paused_ = false;  // the peer's answer is awaited
  queue(close_frame(code, reason));
  reactor().wake_after(place_, server_->limits.close_timeout);
  read_again_if_allowed();
}

// Whoever has read nothing for so long gets no more of what waits, only the reason, should they ever read again.
void Connection::give_up_on_slow_reader() {
  queue_.drop_unsent(promised_);
  begin_close(code_, "reads too slowly");
  handler_gone(code_);
}

void Connection::time_is_up() {
  if (closing_)
    drop(code_);
  else
    heartbeat();
}

void Connection::heartbeat() {
  const auto beat = server_->limits.heartbeat;
  const Instant now = reactor().now();
  if (blocked_ && now - blocked_at_ >= 2 * beat) {
    too_slow_ = true;
    mark_dirty();
    return;
  }
  // Who is not read from can't be heard.
  if (may_read() && now - heard_ >= 2 * beat) return drop(ws_code::abnormal);
  queue(Frame::control(Opcode::ping, {}));
  reactor().wake_after(place_, beat);
}

void Connection::drop(std::uint16_t code) {
  if (dropped_) return;
  dropped_ = true;
  handler_gone(code);
  stream_.close();
  reactor().remove(place_);
}

void Connection::handler_gone(std::uint16_t code) {
  if (handler_ == nullptr) return;
  // Told before it is let go: it may still ask this socket for its address.
  handler_->closed(code);
  handler_.reset();
  --server_->sockets;
  open_sockets().Decrement();
  count_closed(too_slow_ ? ws_code::slow_reader : code);
}

void Connection::update_interest() {
  const std::uint32_t events =
      (listening_ ? EPOLLIN | EPOLLRDHUP : 0U) | (blocked_ ? EPOLLOUT : 0U);
  if (events == interest_) return;
  interest_ = events;
  reactor().watch(place_, events);
}

}  // namespace parley::net
