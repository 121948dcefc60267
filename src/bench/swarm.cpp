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

void Swarm::give_up(std::string why) {
  if (!trouble_) trouble_ = Error{Code::unavailable, std::move(why), {}};
}

void Swarm::watch(std::size_t index, int operation) {
  const Connection& connection = connections_[index];
  epoll_event event{};
  const bool write = connection.phase == Phase::connecting || connection.wants_write;
  event.events = EPOLLIN | (write ? static_cast<unsigned>(EPOLLOUT) : 0U);
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
  std::array<epoll_event, events_max> events{};
  const timespec patience = as_timespec(wait);
  const int got = ::epoll_pwait2(epoll_.fd(), events.data(), events_max, &patience, nullptr);
  if (got < 0 && errno != EINTR) give_up(fmt::format("epoll: {}", std::strerror(errno)));
  for (int at = 0; at < got && !trouble_; ++at) {
    const epoll_event& event = events[static_cast<std::size_t>(at)];
    if ((event.events & EPOLLOUT) != 0)
      writable(event.data.u64);
    else
      readable(event.data.u64);
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
std::size_t Swarm::receive(Connection& connection) {
  const std::size_t kept = connection.rest.size();
  if (buffer_.size() < kept + read_max) buffer_.resize(kept + read_max);
  std::ranges::copy(connection.rest, buffer_.begin());
  connection.rest.clear();
  const auto got = ::recv(connection.socket.fd(), buffer_.data() + kept, read_max, MSG_DONTWAIT);
  if (got > 0) return kept + static_cast<std::size_t>(got);
  if (got == 0)
    give_up("the server closed a connection without a word");
  else if (errno != EAGAIN)
    give_up(fmt::format("recv: {}", std::strerror(errno)));
  return kept;
}

void Swarm::readable(std::size_t index) {
  Connection& connection = connections_[index];
  if (connection.phase == Phase::connecting) return request_upgrade(index);  // it says why not
  const std::size_t size = receive(connection);
  std::string_view input(buffer_.data(), size);
  if (connection.phase == Phase::upgrading && !accept_upgrade(index, input)) {
    connection.rest = input;
    return;
  }
  take_frames(index, input);
  connection.rest = input;
}

void Swarm::take_frames(std::size_t index, std::string_view& input) {
  const Instant now = std::chrono::steady_clock::now();
  Frame frame;
  while (!trouble_) {
    const Scan scan = take_frame(input, frame);
    if (scan == Scan::incomplete) return;
    if (scan == Scan::broken) return give_up("the server sent a broken WebSocket frame");
    take(index, frame, now);
  }
}

void Swarm::take(std::size_t index, const Frame& frame, Instant now) {
  if (frame.opcode == Opcode::text) {
    if (connections_[index].phase == Phase::ready)
      handler_.on_message(index, frame.payload, now);
    else
      greeted(index, frame.payload);
  } else if (frame.opcode == Opcode::ping) {
    std::string pong;
    append_frame(pong, frame.payload, Opcode::pong);
    send(index, pong);
  } else if (frame.opcode == Opcode::close) {
    give_up(describe_close(frame.payload));
  }
}

void Swarm::flush() {
  flushing_.clear();
  flushing_.swap(dirty_);
  for (const std::size_t index : flushing_) {
    connections_[index].dirty = false;
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
  started_ = ready_ = 0;
}

}  // namespace parley::bench
