#include "bench/bare_sender.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "bench/processes.h"
#include "bench/target.h"

namespace parley::bench {
namespace {

constexpr std::chrono::seconds patience{10};
constexpr char go = 'g';
constexpr char enough = 'e';

std::unexpected<Error> system_error(std::string_view what) {
  return fail(Code::unavailable, fmt::format("bare sender: {}: {}", what, std::strerror(errno)));
}

// The other process: at each `go` one send to each receiver; at the end it tells its CPU time.
double serve_rounds(int listener, int control, const BareLoad& load) {
  std::vector<Socket> receivers;
  receivers.reserve(load.receivers);
  for (std::size_t count = 0; count < load.receivers; ++count) {
    receivers.emplace_back(::accept(listener, nullptr, nullptr));
  }
  const std::string bytes(load.frames_per_send * load.frame_bytes, 'x');
  const double began = own_cpu_seconds();
  for (char word = 0; ::read(control, &word, 1) == 1 && word == go;) {
    for (const Socket& receiver : receivers) {
      if (::send(receiver.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return -1;
    }
  }
  return own_cpu_seconds() - began;
}

// Its listener, its control line and the process itself.
class Sender {
 public:
  Sender() = default;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender() {
    control_.close();  // it ends at the end of its input
    if (process_ > 0) ::waitpid(process_, nullptr, 0);
  }
  Result<Target> start(const BareLoad& load);
  [[nodiscard]] bool say(char word) const { return ::write(control_.fd(), &word, 1) == 1; }
  Result<double> cpu_seconds() const;

 private:
  Socket control_;
  pid_t process_ = -1;
};

Result<Target> listen_on(const Socket& listener) {
  Target target;
  auto& address = reinterpret_cast<sockaddr_in&>(target.address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.address_size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&target.address);
  if (::bind(listener.fd(), generic, target.address_size) != 0 ||
      ::listen(listener.fd(), SOMAXCONN) != 0 ||
      ::getsockname(listener.fd(), generic, &target.address_size) != 0) {
    return system_error("cannot listen");
  }
  target.host = "the bare sender";
  return target;
}

Result<Target> Sender::start(const BareLoad& load) {
  const Socket listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  TRY(target, listen_on(listener));
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return system_error("no control line");
  }
  control_ = Socket(ends[0]);
  const Socket theirs(ends[1]);
  process_ = ::fork();
  if (process_ < 0) return system_error("cannot fork");
  if (process_ == 0) {
    control_.close();
    const double cpu = serve_rounds(listener.fd(), theirs.fd(), load);
    static_cast<void>(::write(theirs.fd(), &cpu, sizeof cpu));
    ::_exit(0);
  }
  return target;
}

Result<double> Sender::cpu_seconds() const {
  double cpu = -1;
  if (!say(enough) || ::read(control_.fd(), &cpu, sizeof cpu) != sizeof cpu || cpu < 0) {
    return system_error("it did not end well");
  }
  return cpu;
}

// Reads, and knows when a round has come to all.
class Receivers {
 public:
  Result<void> connect(const Target& target, std::size_t count);
  Result<void> await(std::size_t bytes);

 private:
  Socket epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  std::vector<Socket> sockets_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} << 10U);
};

Result<void> Receivers::connect(const Target& target, std::size_t count) {
  sockets_.reserve(count);
  for (std::size_t number = 0; number < count; ++number) {
    TRY(socket, connect_blocking(target, patience));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, socket.fd(), &event) != 0) {
      return system_error("epoll");
    }
    sockets_.push_back(std::move(socket));
  }
  return {};
}

Result<void> Receivers::await(std::size_t bytes) {
  std::array<epoll_event, 512> events{};
  for (std::size_t missing = bytes * sockets_.size(); missing > 0;) {
    const int got = ::epoll_wait(epoll_.fd(), events.data(), events.size(), 10'000);
    if (got <= 0) return system_error("nothing arrived");
    for (int at = 0; at < got; ++at) {
      const auto number = events[static_cast<std::size_t>(at)].data.u64;
      const auto read = ::recv(sockets_[number].fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (read <= 0) return system_error("recv");
      missing -= static_cast<std::size_t>(read);
    }
  }
  return {};
}

}  // namespace

Result<double> bare_sender_cost(const BareLoad& load) {
  TRY_DO(allow_descriptors(2 * load.receivers));
  Sender sender;
  TRY(target, sender.start(load));
  Receivers receivers;
  TRY_DO(receivers.connect(target, load.receivers));
  std::size_t rounds = 0;
  const auto end = std::chrono::steady_clock::now() + load.duration;
  for (; std::chrono::steady_clock::now() < end; ++rounds) {
    if (!sender.say(go)) return system_error("it is gone");
    TRY_DO(receivers.await(load.frames_per_send * load.frame_bytes));
  }
  TRY(cpu, sender.cpu_seconds());
  return cpu * 1e6 / static_cast<double>(rounds * load.receivers * load.frames_per_send);
}

}  // namespace parley::bench
