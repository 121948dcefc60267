// Messages one to one: each sender has one under way, and each receiver must get its own once, in order.
//
// What is sent and what comes back is of the wire that derives from it.
#pragma once

#include "bench/ledger.h"
#include "bench/setup.h"
#include "bench/swarm.h"

namespace parley::bench {

class Exchange : protected Swarm::Handler {
 public:
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] Result<Outcome> run();

 protected:
  Exchange(const Context& context, std::string workload, std::string_view variant);
  ~Exchange() = default;

  static constexpr std::size_t digits = 10;  // of the number that each text begins with

  // Connects: senders are connections 0 to count() - 1, their receivers follow in the same order.
  [[nodiscard]] virtual Result<void> set_up() = 0;
  // The bytes that send this text.
  [[nodiscard]] virtual std::string message(std::size_t pair, std::string_view number,
                                            std::string_view text) = 0;
  // Is it committed when it is acknowledged?
  [[nodiscard]] virtual bool durable() const = 0;

  [[nodiscard]] std::size_t count() const { return pairs_.size(); }
  [[nodiscard]] Result<void> turn();
  // Turns until so many things of setting up have been seen.
  [[nodiscard]] Result<void> await_seen(std::size_t things);
  void seen() { ++seen_; }
  // A number, where the answer names one, must be that of the message under way.
  void acknowledged(std::size_t pair, std::optional<std::uint64_t> number, Instant now);
  void delivered(std::size_t pair, std::uint64_t number);

  const Context& context_;
  Swarm swarm_;
  Ledger ledger_;

 private:
  struct Pair {
    std::uint64_t next = 0;  // messages are numbered from 0
    bool waiting = false;
    Instant sent{};
  };

  Result<void> send_for(std::chrono::nanoseconds length);
  void send_next(std::size_t pair);
  Outcome report(const Meter& meter, std::uint64_t acks) const;

  std::string workload_;
  std::string variant_;
  std::string filler_;
  std::vector<Pair> pairs_;
  Patience patience_;
  Track latency_;
  bool sending_ = false;
  std::size_t seen_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t delivered_ = 0;
};

}  // namespace parley::bench
