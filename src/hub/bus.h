// Carries signals to every loop; what is committed travels by the feed instead.
#pragma once

#include <functional>
#include <vector>

#include "base/executor.h"
#include "hub/hub.h"
#include "model/signal.h"

namespace parley::hub {

class Bus {
 public:
  virtual ~Bus() = default;
  // From any loop; at most once, in no promised order among publishers.
  virtual void publish(const Signal& signal) = 0;
};

// Between the loops of one process.
class LocalBus final : public Bus {
 public:
  struct Loop {
    Executor* executor = nullptr;
    Hub* hub = nullptr;
  };
  // Both before the first publish().
  void add(Loop loop) { loops_.push_back(loop); }

  // Hears of every signal, too; on the loop that publishes it, so it must not block.
  void observe(std::function<void(const Signal&)> observer) {
    observers_.push_back(std::move(observer));
  }

  void publish(const Signal& signal) override {
    for (const auto& observer : observers_) observer(signal);
    deliver(signal);
  }
  // To the loops alone.
  void deliver(const Signal& signal) {
    for (const Loop& loop : loops_)
      loop.executor->post([hub = loop.hub, signal] { hub->deliver(signal); });
  }

 private:
  std::vector<Loop> loops_;
  std::vector<std::function<void(const Signal&)>> observers_;
};

}  // namespace parley::hub
