// How a connection of the swarm begins: TCP, the upgrade, hello.
#include <fmt/core.h>
#include <sys/epoll.h>

#include "bench/answer.h"
#include "bench/http.h"
#include "bench/swarm.h"

namespace parley::bench {
namespace {

constexpr std::size_t at_once_max = 128;  // fewer than any listener's backlog
constexpr std::chrono::seconds stall_max{10};
constexpr std::string_view hello = R"({"id":"hello","type":"hello","data":{"platform":"bench"}})";

std::string upgrade_request(const Target& target, std::string_view token) {
  return fmt::format(
      "GET /v1/ws HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybGV5IGJlbmNoIGtleQ==\r\n"
      "Sec-WebSocket-Protocol: parley.v1\r\nAuthorization: Bearer {}\r\n\r\n",
      target.host, token);
}

}  // namespace

Result<void> Swarm::connect_all(Progress& progress) {
  std::size_t ready_before = ready_;
  Instant moved = std::chrono::steady_clock::now();
  while (ready_ < size()) {
    while (started_ < size() && started_ - ready_ < at_once_max) TRY_DO(connect_next());
    TRY_DO(turn(std::chrono::milliseconds(100)));
    progress.tick(ready_, nullptr);
    const Instant now = std::chrono::steady_clock::now();
    if (ready_ > ready_before) moved = now;
    ready_before = ready_;
    if (now - moved > stall_max) {
      return fail(Code::unavailable,
                  fmt::format("connecting stands still at {} of {}", ready_, size()));
    }
  }
  return {};
}

Result<void> Swarm::connect_next() {
  TRY(socket, connect_later(target_, started_));
  Connection& connection = connections_[started_];
  connection.socket = std::move(socket);
  connection.phase = Phase::connecting;
  watch(started_++, EPOLL_CTL_ADD);
  return {};
}

void Swarm::request_upgrade(std::size_t index) {
  Connection& connection = connections_[index];
  int failed = 0;
  socklen_t size = sizeof failed;
  ::getsockopt(connection.socket.fd(), SOL_SOCKET, SO_ERROR, &failed, &size);
  if (failed != 0) return give_up(refused(target_, failed).detail);
  connection.phase = Phase::upgrading;
  watch(index, EPOLL_CTL_MOD);
  send(index, upgrade_request(target_, connection.token));
  connection.token = {};
}

// Takes the HTTP answer off the input; false: it is not whole, or it was a refusal.
bool Swarm::accept_upgrade(std::size_t index, std::string_view& input) {
  const auto head_end = input.find("\r\n\r\n");
  if (head_end == input.npos) return false;
  const auto answer = parse_http_answer(input);
  if (!answer || answer->status != 101) {
    const Error why = answer ? unexpected_answer("connecting", *answer) : answer.error();
    give_up(why.detail);
    return false;
  }
  input.remove_prefix(head_end + 4);
  connections_[index].phase = Phase::greeting;
  std::string frame;
  append_frame(frame, hello);
  send(index, frame);
  return true;
}

void Swarm::greeted(std::size_t index, std::string_view payload) {
  const Kind kind = Scanner::kind_of(payload);
  if (kind == Kind::error) give_up(describe_error(payload));
  if (kind != Kind::ok) return;
  connections_[index].phase = Phase::ready;
  ++ready_;
}

}  // namespace parley::bench
