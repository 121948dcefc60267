// How a connection of the swarm begins: TCP, the upgrade, hello.
#include <fmt/core.h>
#include <sys/epoll.h>

#include "bench/answer.h"
#include "bench/http.h"
#include "bench/swarm.h"

namespace parley::bench {
namespace {

constexpr std::chrono::seconds stall_max{10};

}  // namespace

std::string upgrade_request(const Target& target, std::string_view path, std::string_view headers) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybGV5IGJlbmNoIGtleQ==\r\n{}\r\n",
      path, target.host, headers);
}

Opening native_opening(const Target& target, std::string_view token, std::string_view cursor) {
  std::string since;
  if (!cursor.empty()) since = fmt::format(R"(,"cursor":"{}")", cursor);
  const std::string headers =
      fmt::format("Sec-WebSocket-Protocol: parley.v1\r\nAuthorization: Bearer {}\r\n", token);
  return {.request = upgrade_request(target, "/v1/ws", headers),
          .greeting = fmt::format(
              R"({{"id":"hello","type":"hello","data":{{"platform":"bench"{}}}}})", since)};
}

Result<void> Swarm::connect_all(Progress& progress) {
  std::size_t ready_before = ready_;
  Instant moved = std::chrono::steady_clock::now();
  while (ready_ < size()) {
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

Result<void> Swarm::connect_some() {
  for (; !waiting_.empty() && beginning_ < at_once_; waiting_.pop_front()) {
    const std::size_t index = waiting_.front();
    Connection& connection = connections_[index];
    TRY(socket, connect_later(target_, index, connection.opening->receive_buffer));
    connection.socket = std::move(socket);
    connection.phase = Phase::connecting;
    ++beginning_;
    watch(index, EPOLL_CTL_ADD);
  }
  return {};
}

void Swarm::request_upgrade(std::size_t index) {
  Connection& connection = connections_[index];
  int failed = 0;
  socklen_t size = sizeof failed;
  ::getsockopt(connection.socket.fd(), SOL_SOCKET, SO_ERROR, &failed, &size);
  if (failed != 0) return give_up(refused(target_, failed).detail);
  connection.packet_size = connection.opening->packet_size;
  const bool ready = connection.packet_size != nullptr;
  connection.phase = ready ? Phase::ready : Phase::upgrading;
  watch(index, EPOLL_CTL_MOD);
  if (ready) return begun(index, {}, std::chrono::steady_clock::now());
  send(index, connection.opening->request);
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
  if (connections_[index].opening->greeting.empty()) {
    begun(index, {}, std::chrono::steady_clock::now());
    return true;
  }
  connections_[index].phase = Phase::greeting;
  std::string frame;
  append_frame(frame, connections_[index].opening->greeting);
  send(index, frame);
  return true;
}

void Swarm::greeted(std::size_t index, std::string_view payload, Instant now) {
  const Kind kind = Scanner::kind_of(payload);
  if (kind == Kind::error) give_up(describe_error(payload));
  if (kind == Kind::ok) begun(index, payload, now);
}

void Swarm::begun(std::size_t index, std::string_view payload, Instant now) {
  connections_[index].phase = Phase::ready;
  connections_[index].opening.reset();
  --beginning_;
  ++ready_;
  handler_.on_ready(index, payload, now);
}

}  // namespace parley::bench
