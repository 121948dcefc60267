// Where code runs. A loop of the server is one; the simulator's virtual time is another.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/time.h"

namespace parley {

using Work = std::move_only_function<void()>;

class Executor {
 public:
  using TimerId = std::uint64_t;

  virtual ~Executor() = default;
  // Runs the work later, in the order posted by one thread. May be called from any thread.
  virtual void post(Work work) = 0;
  // Runs the work once after the time has passed. Only from this executor's own thread.
  virtual TimerId after(std::chrono::milliseconds delay, Work work) = 0;
  // The work of that timer will not run; unknown and past timers are fine. Only from the own thread.
  virtual void cancel(TimerId timer) = 0;
  [[nodiscard]] virtual bool runs_here() const = 0;

  // The executor whose work this thread is running now, or nullptr on a thread that is none's.
  [[nodiscard]] static Executor* current();

 protected:
  // An executor's thread holds one of these while it runs work.
  class Scope {
   public:
    explicit Scope(Executor& executor);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Executor* before_;
  };
};

}  // namespace parley
