// intake: takes what other services tell through RabbitMQ, and acknowledges what is kept.
//
// Knows:     exchanges, queues and keys as it is given them; when to come back.
// Does not:  what a message means (a Taker).
// In:        deliveries, one after the other.   Out: the same, to the taker, on its executor.
// Lives on:  a thread of its own.
// Failing:   what can't be kept now is offered again, and nothing after it before; what can never be is dropped with a line
//            in the log. While the broker is away nothing comes. What was taken and not acknowledged comes again.
// Start at:  Intake::run().
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "amqp/amqp.h"
#include "base/executor.h"
#include "base/task.h"

namespace parley::intake {

// What is told to whom: a queue that outlives the broker, and which keys of an exchange go into it.
struct Source {
  std::string exchange, queue;
  std::vector<std::string> keys;
};

class Taker {
 public:
  virtual ~Taker() = default;
  // Comes back when it is kept, so that a repeat changes nothing. unavailable: it is to be offered again; any other error:
  // it can't be taken at all.
  [[nodiscard]] virtual Task<Result<void>> take(std::string exchange, std::string body) = 0;
};

class Intake {
 public:
  Intake(amqp::Address address, std::vector<Source> sources, Executor& executor, Taker& taker);
  ~Intake() { stop(); }
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  void start();
  // From a thread that is no executor's, while the executor runs.
  void stop();

 private:
  enum class Fate : std::uint8_t { taken, useless, later };

  void run();
  [[nodiscard]] Result<amqp::Connection> connect() const;
  // Until the broker is gone, or this is to stop.
  [[nodiscard]] Result<void> consume(const amqp::Connection& connection);
  [[nodiscard]] Result<void> offer(const amqp::Connection& connection,
                                   const amqp_envelope_t& envelope);
  [[nodiscard]] Fate offer_once(const std::string& exchange, const std::string& body);
  // False: it is to stop.
  bool rest(std::chrono::milliseconds time);

  amqp::Address address_;
  std::vector<Source> sources_;
  Executor& executor_;
  Taker& taker_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool told_down_ = false;
  std::thread thread_;
};

}  // namespace parley::intake
