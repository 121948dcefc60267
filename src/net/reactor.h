// The client sockets of one loop: which of them are readable or writable, whose time has come, what is to be written.
//
// They stand in a level-triggered epoll set of their own, which is one descriptor of the loop's io_context: one re-arm a
// turn, none a message. Who has just come, and who is lost when many are, stands in a second set behind it, of which a turn
// takes few: however many come back at once, who is there already hardly waits for them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "net/deflate.h"
#include "net/slots.h"

namespace parley::net {

class Connection;
class Loop;
class Writer;

// Lives on: its loop.
class Reactor {
 public:
  explicit Reactor(Loop& loop);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  [[nodiscard]] Loop& loop() { return loop_; }
  [[nodiscard]] int descriptor() const { return epoll_; }  // readable while somebody is ready

  // False: no descriptor left in the kernel's set.
  [[nodiscard]] bool add(Ref<Watched> watched, Place& place, int descriptor, std::uint32_t events);
  // The same, behind the others until settle().
  [[nodiscard]] bool add_behind(Ref<Watched> watched, Place& place, int descriptor,
                                std::uint32_t events);
  void settle(Place place, std::uint32_t events);
  void fall_behind(Place place, std::uint32_t events);
  void watch(Place place, std::uint32_t events);
  // Another takes over the place and the descriptor.
  void replace(Place place, Ref<Watched> by);
  // Its descriptor leaves the set when its owner closes it.
  void remove(Place place);
  [[nodiscard]] Watched* find(Place place) const { return slots_.find(place); }
  // Of everything that is watched when this begins.
  void each(const std::function<void(Watched&)>& visit);

  void wake_after(Place place, std::chrono::milliseconds delay) {
    slots_.wake_at(place, now_ + delay);
  }
  void never_wake(Place place) { slots_.never_wake(place); }
  // ready(0) in the next turn: there are bytes of which epoll does not know.
  void again(Place place) { again_.push_back(place); }
  // Will be written at the end of the turn.
  void dirty(Connection& connection) { dirty_.push_back(&connection); }

  // A turn: what is ready, then whose time has come. The caller then calls finish_turn().
  void turn();
  void wake_due();
  // Writes all that was queued and frees what is gone.
  void finish_turn();
  // When to call wake_due() again; at once when there are agains.
  [[nodiscard]] std::optional<Instant> next_wake() const;

  [[nodiscard]] Instant now() const { return now_; }  // of this turn
  void update_now() { now_ = std::chrono::steady_clock::now(); }
  // Shared by all reads of this loop; slack_bytes more than this are readable behind it.
  [[nodiscard]] std::span<char> read_buffer() { return {read_buffer_.get(), read_buffer_bytes}; }
  [[nodiscard]] Inflater& inflater() { return inflater_; }
  void count_received(std::size_t bytes) { received_ += bytes; }
  void count_sent(std::size_t bytes) { sent_ += bytes; }

 private:
  static constexpr std::size_t read_buffer_bytes = 128 * 1024;
  [[nodiscard]] bool add_to(int set, Ref<Watched> watched, Place& place, Slots::Standing standing,
                            std::uint32_t events);
  void move(Place place, bool behind, std::uint32_t events);
  void turn_behind();
  void report();

  Loop& loop_;
  int epoll_ = -1;
  int behind_ = -1;  // the second set, itself in the first one
  Instant now_;
  Slots slots_;
  std::vector<Place> again_, again_now_;
  std::vector<Connection*> dirty_, flushing_;
  std::vector<Ref<Watched>> graveyard_;
  std::unique_ptr<char[]> read_buffer_;
  Inflater inflater_;
  std::unique_ptr<Writer> writer_;
  std::size_t received_ = 0, sent_ = 0;  // of this turn
};

}  // namespace parley::net
