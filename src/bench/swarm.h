// Many WebSocket connections on one epoll loop.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "bench/frame.h"
#include "bench/progress.h"
#include "bench/target.h"

namespace parley::bench {

class Swarm {
 public:
  class Handler {
   public:
    // A text frame for the connection with this index; may send. `now` is when it was read.
    virtual void on_message(std::size_t index, std::string_view payload, Instant now) = 0;

   protected:
    ~Handler() = default;
  };

  Swarm(const Target& target, Handler& handler);
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;
  ~Swarm();

  void add(std::string token) { connections_.emplace_back().token = std::move(token); }
  // All that were added: upgraded, and their hello answered.
  [[nodiscard]] Result<void> connect_all(Progress& progress);
  // Whole frames; they leave together at the next turn.
  void send(std::size_t index, std::string_view frames);
  // Writes what is waiting, waits at most so long, reads what has come. The first thing that went wrong ends it.
  [[nodiscard]] Result<void> turn(std::chrono::nanoseconds wait);
  // Ends the run at the next turn: for handlers, which can't return an error.
  void give_up(std::string why);
  void close_all();
  [[nodiscard]] std::size_t size() const { return connections_.size(); }

 private:
  enum class Phase : std::uint8_t { waiting, connecting, upgrading, greeting, ready };
  struct Connection {
    Socket socket;
    Phase phase = Phase::waiting;
    bool dirty = false;        // has something in `out` and is in dirty_
    bool wants_write = false;  // the kernel's buffer was full
    std::string token;         // until connected
    std::string rest;          // the beginning of a frame
    std::string out;
    std::size_t out_sent = 0;
  };

  // handshake.cpp
  [[nodiscard]] Result<void> connect_next();
  void request_upgrade(std::size_t index);
  [[nodiscard]] bool accept_upgrade(std::size_t index, std::string_view& input);
  void greeted(std::size_t index, std::string_view payload);

  void watch(std::size_t index, int operation);
  void writable(std::size_t index);
  void readable(std::size_t index);
  void take_frames(std::size_t index, std::string_view& input);
  void take(std::size_t index, const Frame& frame, Instant now);
  void flush();
  void write(std::size_t index);
  std::size_t receive(Connection& connection);

  const Target& target_;
  Handler& handler_;
  std::vector<Connection> connections_;
  std::vector<std::size_t> dirty_;
  std::vector<std::size_t> flushing_;
  std::vector<char> buffer_;
  Socket epoll_;
  std::size_t started_ = 0;
  std::size_t ready_ = 0;
  std::optional<Error> trouble_;
};

}  // namespace parley::bench
