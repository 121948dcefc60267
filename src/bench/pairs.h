// Many senders, each in a direct conversation with a receiver of its own; all of them connected.
#pragma once

#include "bench/answer.h"
#include "bench/ledger.h"
#include "bench/send_frame.h"
#include "bench/setup.h"
#include "bench/swarm.h"

namespace parley::bench {

class Pairs : Swarm::Handler {
 public:
  Pairs(const Pairs&) = delete;
  Pairs& operator=(const Pairs&) = delete;

 protected:
  Pairs(const Context& context, std::string role)
      : context_(context), swarm_(context.target, *this), role_(std::move(role)) {}
  ~Pairs() = default;

  [[nodiscard]] Result<void> set_up();
  // Messages of a pair are numbered from 0.
  void send(std::size_t pair);
  [[nodiscard]] Result<void> turn(std::chrono::nanoseconds wait);
  [[nodiscard]] std::size_t count() const { return pairs_.size(); }
  [[nodiscard]] std::uint64_t sent(std::size_t pair) const { return pairs_[pair].next; }
  // Until every message has been acknowledged and delivered.
  [[nodiscard]] Result<void> drain();

  virtual void on_ack(std::size_t pair, std::uint64_t number, Instant now) = 0;
  virtual void on_delivery(std::size_t pair, std::uint64_t number, Instant now) = 0;

  const Context& context_;
  Swarm swarm_;
  Ledger ledger_;
  Track latency_;
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t delivered_ = 0;

 private:
  struct Pair {
    SendFrame frame;
    std::uint64_t first_seq = 0;
    std::uint64_t next = 0;
  };

  [[nodiscard]] Result<void> open_pair(std::size_t number);
  void on_message(std::size_t index, std::string_view payload, Instant now) final;
  void answered(std::size_t pair, Kind kind, std::string_view payload, Instant now);
  void delivered(std::size_t pair, std::string_view payload, Instant now);

  std::string role_;
  std::vector<Pair> pairs_;
  Scanner answers_;
  Scanner deliveries_;
  Patience patience_;
};

}  // namespace parley::bench
