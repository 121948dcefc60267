// One loop per core: an io_context, a reactor of client sockets, timers. Nothing is shared between loops.
#pragma once

#include <cstdint>
#include <memory>

#include "base/executor.h"

namespace parley::net {

class Loop final : public Executor {
 public:
  explicit Loop(std::uint32_t index);
  ~Loop() override;

  [[nodiscard]] std::uint32_t index() const;
  // Runs on the calling thread until stop(); each turn ends with one flush of everything that was queued.
  void run();
  void stop();  // from any thread; what was posted before still runs

  void post(Work work) override;
  TimerId after(std::chrono::milliseconds delay, Work work) override;
  void cancel(TimerId timer) override;
  [[nodiscard]] bool runs_here() const override;
  // While it runs: on its own thread. Before and after, anybody may prepare or clear up.
  void assert_here() const;

  class Inside;  // for the files of this room
  [[nodiscard]] Inside& inside() { return *inside_; }

 private:
  std::unique_ptr<Inside> inside_;
};

}  // namespace parley::net
