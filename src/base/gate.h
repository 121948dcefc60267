// Work in the background runs inside a gate; stopping closes it and waits until everybody has left.
#pragma once

#include <coroutine>
#include <utility>

#include "base/assert.h"
#include "base/task.h"

namespace parley {

// Lives on: one executor.
class Gate {
 public:
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate) { ++gate_->inside_; }
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    Gate* gate_;
  };

  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { PARLEY_ASSERT(inside_ == 0); }

  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] std::size_t inside() const { return inside_; }
  [[nodiscard]] Pass enter() { return Pass{*this}; }
  void close() { closed_ = true; }
  // Closes, and goes on when nobody is inside any more.
  [[nodiscard]] auto wait_empty() {
    struct Awaiter {
      Gate& gate;
      [[nodiscard]] bool await_ready() const noexcept { return gate.inside_ == 0; }
      void await_suspend(std::coroutine_handle<> self) { gate.waiter_ = self; }
      void await_resume() const noexcept {}
    };
    closed_ = true;
    return Awaiter{*this};
  }

 private:
  void leave() {
    if (--inside_ == 0 && waiter_) std::exchange(waiter_, {}).resume();
  }

  std::size_t inside_ = 0;
  bool closed_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace parley
