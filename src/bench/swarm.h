// Many WebSocket connections on one epoll loop; some may be of another wire.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "bench/frame.h"
#include "bench/opening.h"
#include "bench/progress.h"
#include "bench/target.h"

namespace parley::bench {

class Swarm {
 public:
  class Handler {
   public:
    // A text frame for the connection with this index, or a whole packet; may send. `now` is when it was read.
    virtual void on_message(std::size_t index, std::string_view payload, Instant now) = 0;
    // Its greeting was answered with this.
    virtual void on_ready(std::size_t /*index*/, std::string_view /*payload*/, Instant /*now*/) {}
    // The server has closed it; may reopen it. False: that should not have been, and ends the run.
    virtual bool on_closed(std::size_t /*index*/, std::string_view /*why*/) { return false; }

   protected:
    ~Handler() = default;
  };

  Swarm(const Target& target, Handler& handler);
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;
  ~Swarm();

  // Connects during the next turns. Connections are numbered from 0.
  void add(Opening opening);
  // Of those that are not ready yet so many are begun; the others wait.
  void begin_at_once(std::size_t connections) { at_once_ = connections; }
  // All that were added: upgraded, and their hello answered.
  [[nodiscard]] Result<void> connect_all(Progress& progress);
  // Whole frames; they leave together at the next turn.
  void send(std::size_t index, std::string_view frames);
  // Writes what is waiting, waits at most so long, reads what has come. The first thing that went wrong ends it.
  [[nodiscard]] Result<void> turn(std::chrono::nanoseconds wait);
  // Ends the run at the next turn: for handlers, which can't return an error.
  void give_up(std::string why);
  // As when a network goes away: no goodbye, and what has not been read is lost. Not from a handler.
  void cut(std::size_t index);
  // After cut() or on_closed(): the same index, a new connection.
  void reopen(std::size_t index, Opening opening);
  // Its bytes stay in the kernel but for what read_some() takes.
  void hold(std::size_t index);
  void release(std::size_t index);
  void read_some(std::size_t index, std::size_t bytes_max);
  void close_all();
  [[nodiscard]] std::size_t size() const { return connections_.size(); }
  [[nodiscard]] std::size_t ready() const { return ready_; }

 private:
  enum class Phase : std::uint8_t { waiting, connecting, upgrading, greeting, ready, gone };
  struct Connection {
    Socket socket;
    Phase phase = Phase::waiting;
    bool dirty = false;        // has something in `out` and is in dirty_
    bool wants_write = false;  // the kernel's buffer was full
    bool held = false;
    PacketSize packet_size = nullptr;  // of one that is no WebSocket
    std::unique_ptr<Opening> opening;  // until ready
    std::string rest;                  // the beginning of a frame
    std::string out;
    std::size_t out_sent = 0;
    std::string goodbye;  // why it is gone
  };

  // handshake.cpp
  [[nodiscard]] Result<void> connect_some();
  void request_upgrade(std::size_t index);
  [[nodiscard]] bool accept_upgrade(std::size_t index, std::string_view& input);
  void greeted(std::size_t index, std::string_view payload, Instant now);
  void begun(std::size_t index, std::string_view payload, Instant now);

  void watch(std::size_t index, int operation);
  void writable(std::size_t index);
  void readable(std::size_t index, std::size_t bytes_max);
  void take_frames(std::size_t index, std::string_view& input);
  void take_packets(std::size_t index, std::string_view& input);
  void take(std::size_t index, const Frame& frame, Instant now);
  void flush();
  void write(std::size_t index);
  std::size_t receive(Connection& connection, std::size_t bytes_max);
  void forget(Connection& connection);
  void closed(std::size_t index);

  const Target& target_;
  Handler& handler_;
  std::vector<Connection> connections_;
  std::vector<std::size_t> dirty_;
  std::vector<std::size_t> flushing_;
  std::vector<char> buffer_;
  Socket epoll_;
  std::deque<std::size_t> waiting_;  // to be connected
  std::size_t at_once_ = 128;        // fewer than any listener's backlog
  std::size_t beginning_ = 0;
  std::size_t ready_ = 0;
  std::optional<Error> trouble_;
};

}  // namespace parley::bench
