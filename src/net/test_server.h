// For tests: a server on a loop and thread of its own, and a handler that answers with what it was asked.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "net/server.h"

namespace parley::net::test {

// What the sockets of a handler have seen; read by the test's thread.
class Seen {
 public:
  void closed(std::uint16_t code);
  // Waits until so many have closed; their codes, in order.
  [[nodiscard]] std::vector<std::uint16_t> wait_closed(std::size_t count);
  // Messages of all its sockets.
  std::atomic<std::size_t> messages = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::uint16_t> codes_;
};

// Echoes; and does as told: "close 4001 why", "flood COUNT BYTES", "pause", "address", "which message is this".
class EchoSocket final : public SocketHandler {
 public:
  explicit EchoSocket(Seen& seen) : seen_(seen) {}
  void opened(Socket& socket) override { socket_ = &socket; }
  void message(std::string_view payload, bool binary) override;
  void closed(std::uint16_t code) override { seen_.closed(code); }

 private:
  bool obey(std::string_view command);
  Seen& seen_;
  Socket* socket_ = nullptr;
};

// GET anything: "METHOD path body". /later answers in a later turn, /large has 3 MB, /stream and /endless are streamed,
// /refused and /ws take upgrades; for one at /ws/few, 20 frames may wait.
// /pieces counts a body as it comes; /pieces/early does not wait for its end.
class EchoHandler final : public Handler {
 public:
  explicit EchoHandler(Loop& loop) : loop_(loop) {}
  Task<Response> handle(Request& request) override;
  bool takes_pieces(const Request& head) const override { return head.path.starts_with("/pieces"); }
  Task<Upgrade> upgrade(Request& request) override;
  Response refuse(const Error& error) override;

  Seen seen;
  std::atomic<int> requests = 0;
  std::promise<void> stream_gone;    // of /endless
  std::promise<void> release_later;  // set by /held when it has begun
  std::promise<void> held_begun;

 private:
  [[nodiscard]] Response stream_of(int pieces);
  Task<Response> count_pieces(Request& request);
  Task<void> endless(ResponseStream& stream);

  Loop& loop_;
};

class LiveServer {
 public:
  explicit LiveServer(Limits limits = {}, std::shared_ptr<TlsContext> tls = nullptr);
  ~LiveServer();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] EchoHandler& handler() { return *handler_; }
  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] Server& server() { return *server_; }
  // Runs on the loop, and waits for it.
  template <class F>
  auto on_loop(F work) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto done = task.get_future();
    loop_.post([&task] { task(); });
    return done.get();
  }
  // Server::stop(); returns when it is done.
  void stop(std::chrono::milliseconds patience);

 private:
  Loop loop_{7};
  std::unique_ptr<EchoHandler> handler_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace parley::net::test
