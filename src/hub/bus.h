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
  // Takes every signal to the other processes; as an observer does.
  void pass_on(std::function<void(const Signal&)> to_others) { to_others_ = std::move(to_others); }

  void publish(const Signal& signal) override {
    if (to_others_) to_others_(signal);
    publish_here(signal);
  }
  // What the other processes find out by themselves.
  void publish_here(const Signal& signal) {
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
  std::function<void(const Signal&)> to_others_;
};

}  // namespace parley::hub
