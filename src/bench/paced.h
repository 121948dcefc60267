// Pairs whose messages are due at a fixed rate.
//
// Message k is due at the start + k / rate. Its latency counts from then, not from when it could be sent, so a server
// that stalls can't hide it by slowing the client (coordinated omission).
#pragma once

#include <functional>

#include "bench/pairs.h"

namespace parley::bench {

// When each of many things is due.
class Pace {
 public:
  explicit Pace(std::uint64_t per_second) : per_second_(per_second) {}
  void begin(Instant at) { began_ = at; }
  [[nodiscard]] Instant due(std::uint64_t number) const {
    return began_ + std::chrono::seconds(number / per_second_) +
           std::chrono::nanoseconds(number % per_second_ * 1'000'000'000 / per_second_);
  }
  [[nodiscard]] std::uint64_t per_second() const { return per_second_; }

 private:
  std::uint64_t per_second_;
  Instant began_{};
};

// This thread wakes when something is due, not up to 50 µs later.
void wake_exactly();

class Paced : protected Pairs {
 protected:
  Paced(const Context& context, std::string role, std::uint64_t per_second)
      : Pairs(context, std::move(role)), pace_(per_second) {}
  ~Paced() = default;

  // Sends what is due while that moment is wanted; then waits for all answers and deliveries.
  [[nodiscard]] Result<void> send_while(const std::function<bool(Instant)>& wanted);
  [[nodiscard]] std::uint64_t per_second() const { return pace_.per_second(); }

  virtual void on_latency(Kind of, Instant now, std::chrono::nanoseconds latency) = 0;

 private:
  [[nodiscard]] Instant due(std::size_t pair, std::uint64_t number) const;
  void on_ack(std::size_t pair, std::uint64_t number, Instant now) final;
  void on_delivery(std::size_t pair, std::uint64_t number, Instant now) final;

  Pace pace_;
  std::vector<std::uint64_t> first_;  // of each pair, the number of its first message in this part
};

}  // namespace parley::bench
