#include "bench/swarm.h"

#include <fmt/core.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "bench/answer.h"

namespace parley::bench {
namespace {

constexpr std::size_t read_max = std::size_t{256} << 10U;
constexpr std::size_t events_max = 512;

timespec as_timespec(std::chrono::nanoseconds wait) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(wait);
  return {.tv_sec = whole.count(), .tv_nsec = (wait - whole).count()};
}

}  // namespace

Swarm::Swarm(const Target& target, Handler& handler)
    : target_(target),
      handler_(handler),
      buffer_(2 * read_max),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

Swarm::~Swarm() { close_all(); }

void Swarm::add(Opening opening) {
  connections_.emplace_back().opening = std::make_unique<Opening>(std::move(opening));
  waiting_.push_back(size() - 1);
}

void Swarm::give_up(std::string why) {
  if (!trouble_) trouble_ = Error{Code::unavailable, std::move(why), {}};
}

void Swarm::watch(std::size_t index, int operation) {
  const Connection& connection = connections_[index];
  epoll_event event{};
  const bool write = connection.phase == Phase::connecting || connection.wants_write;
  event.events = (connection.held ? 0U : static_cast<unsigned>(EPOLLIN)) |
                 (write ? static_cast<unsigned>(EPOLLOUT) : 0U);
  event.data.u64 = index;
  if (::epoll_ctl(epoll_.fd(), operation, connection.socket.fd(), &event) != 0) {
    give_up(fmt::format("epoll: {}", std::strerror(errno)));
  }
}

void Swarm::send(std::size_t index, std::string_view frames) {
  Connection& connection = connections_[index];
  connection.out += frames;
  if (connection.dirty || connection.wants_write) return;
  connection.dirty = true;
  dirty_.push_back(index);
}

Result<void> Swarm::turn(std::chrono::nanoseconds wait) {
  flush();
  TRY_DO(connect_some());
  std::array<epoll_event, events_max> events{};
  const timespec patience = as_timespec(wait);
  const int got = ::epoll_pwait2(epoll_.fd(), events.data(), events_max, &patience, nullptr);
  if (got < 0 && errno != EINTR) give_up(fmt::format("epoll: {}", std::strerror(errno)));
  for (int at = 0; at < got && !trouble_; ++at) {
    const epoll_event& event = events[static_cast<std::size_t>(at)];
    if (connections_[event.data.u64].socket.fd() < 0) continue;  // closed meanwhile
    if ((event.events & EPOLLOUT) != 0)
      writable(event.data.u64);
    else
      readable(event.data.u64, read_max);
  }
  if (trouble_) return fail(*trouble_);
  return {};
}

void Swarm::writable(std::size_t index) {
  if (connections_[index].phase == Phase::connecting) return request_upgrade(index);
  connections_[index].wants_write = false;
  write(index);
  if (!connections_[index].wants_write) watch(index, EPOLL_CTL_MOD);
}

// Into the shared buffer, behind what the connection had left over; how much is there now.
std::size_t Swarm::receive(Connection& connection, std::size_t bytes_max) {
  const std::size_t kept = connection.rest.size();
  if (buffer_.size() < kept + read_max) buffer_.resize(kept + read_max);
  std::ranges::copy(connection.rest, buffer_.begin());
  connection.rest.clear();
  const auto got = ::recv(connection.socket.fd(), buffer_.data() + kept, bytes_max, MSG_DONTWAIT);
  if (got > 0) return kept + static_cast<std::size_t>(got);
  if (got < 0 && errno == EAGAIN) return kept;
  connection.phase = Phase::gone;
  connection.goodbye = got == 0 ? "the server closed a connection without a word"
                                : fmt::format("recv: {}", std::strerror(errno));
  return kept;
}

void Swarm::readable(std::size_t index, std::size_t bytes_max) {
  Connection& connection = connections_[index];
  if (connection.phase == Phase::connecting) return request_upgrade(index);  // it says why not
  const std::size_t size = receive(connection, bytes_max);
  std::string_view input(buffer_.data(), size);
  if (connection.phase == Phase::upgrading && !accept_upgrade(index, input)) {
    connection.rest = input;
    return;
  }
  if (connection.packet_size != nullptr)
    take_packets(index, input);
  else
    take_frames(index, input);
  if (connection.phase == Phase::gone) return closed(index);
  connection.rest = input;
}

void Swarm::take_frames(std::size_t index, std::string_view& input) {
  const Instant now = std::chrono::steady_clock::now();
  Frame frame;
  while (!trouble_ && connections_[index].phase != Phase::gone) {
    const Scan scan = take_frame(input, frame);
    if (scan == Scan::incomplete) return;
    if (scan == Scan::broken) return give_up("the server sent a broken WebSocket frame");
    take(index, frame, now);
  }
}

void Swarm::take_packets(std::size_t index, std::string_view& input) {
  const Instant now = std::chrono::steady_clock::now();
  while (!trouble_) {
    const std::optional<std::size_t> size = connections_[index].packet_size(input);
    if (!size) return;
    handler_.on_message(index, input.substr(0, *size), now);
    input.remove_prefix(*size);
  }
}

void Swarm::take(std::size_t index, const Frame& frame, Instant now) {
  if (frame.opcode == Opcode::text) {
    if (connections_[index].phase == Phase::ready)
      handler_.on_message(index, frame.payload, now);
    else
      greeted(index, frame.payload, now);
  } else if (frame.opcode == Opcode::ping) {
    std::string pong;
    append_frame(pong, frame.payload, Opcode::pong);
    send(index, pong);
  } else if (frame.opcode == Opcode::close) {
    connections_[index].phase = Phase::gone;
    connections_[index].goodbye = describe_close(frame.payload);
  }
}

void Swarm::flush() {
  flushing_.clear();
  flushing_.swap(dirty_);
  for (const std::size_t index : flushing_) {
    connections_[index].dirty = false;
    if (connections_[index].socket.fd() < 0) continue;
    write(index);
    if (connections_[index].wants_write) watch(index, EPOLL_CTL_MOD);
  }
}

void Swarm::write(std::size_t index) {
  Connection& connection = connections_[index];
  while (connection.out_sent < connection.out.size()) {
    const auto sent =
        ::send(connection.socket.fd(), connection.out.data() + connection.out_sent,
               connection.out.size() - connection.out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) connection.wants_write = true;
      // A peer that is gone: its last words, still to be read, say more than this error.
      else if (errno != EPIPE && errno != ECONNRESET)
        give_up(std::strerror(errno));
      return;
    }
    connection.out_sent += static_cast<std::size_t>(sent);
  }
  connection.out.clear();
  connection.out_sent = 0;
}

// It may still be in dirty_, which flush() knows.
void Swarm::forget(Connection& connection) {
  if (connection.phase == Phase::ready) --ready_;
  connection.socket.close();
  connection.phase = Phase::gone;
  connection.wants_write = connection.held = false;
  connection.rest.clear();
  connection.out.clear();
  connection.out_sent = 0;
}

void Swarm::closed(std::size_t index) {
  Connection& connection = connections_[index];
  const bool was_ready = connection.opening == nullptr;
  (was_ready ? ready_ : beginning_) -= 1;
  forget(connection);
  const std::string why = std::exchange(connection.goodbye, {});
  if (!handler_.on_closed(index, why)) give_up(why);
}

void Swarm::cut(std::size_t index) {
  Connection& connection = connections_[index];
  if (connection.phase != Phase::ready) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};  // a reset, which also leaves the port free
  ::setsockopt(connection.socket.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  forget(connection);
}

void Swarm::reopen(std::size_t index, Opening opening) {
  connections_[index].opening = std::make_unique<Opening>(std::move(opening));
  connections_[index].phase = Phase::waiting;
  connections_[index].out.clear();  // what was said to nobody
  waiting_.push_back(index);
}

void Swarm::hold(std::size_t index) {
  connections_[index].held = true;
  watch(index, EPOLL_CTL_MOD);
}

void Swarm::release(std::size_t index) {
  connections_[index].held = false;
  if (connections_[index].socket.fd() >= 0) watch(index, EPOLL_CTL_MOD);
}

void Swarm::read_some(std::size_t index, std::size_t bytes_max) {
  if (connections_[index].phase == Phase::ready) readable(index, std::min(bytes_max, read_max));
}

void Swarm::close_all() {
  constexpr std::string_view normal("\x03\xE8", 2);  // 1000
  std::string goodbye;
  append_frame(goodbye, normal, Opcode::close);
  for (Connection& connection : connections_) {
    const bool idle = connection.out.empty();
    if (connection.phase == Phase::ready && idle) {
      // Whether it arrives does not matter any more.
      static_cast<void>(::send(connection.socket.fd(), goodbye.data(), goodbye.size(),
                               MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    connection.socket.close();
  }
  connections_.clear();
  dirty_.clear();
  waiting_.clear();
  beginning_ = ready_ = 0;
}

}  // namespace parley::bench
