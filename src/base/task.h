// Task<T>: a coroutine that starts when it is awaited and resumes its caller when it is done.
//
// Nothing here knows threads: a task runs wherever it was resumed last. What hands work to another thread (a store's
// reader, say) brings the result back to the executor it was called from: see resume_with() below.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/executor.h"
#include "base/result.h"

namespace parley {

template <class T>
class Task;

namespace detail {

struct FinalStep {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    return self.promise().caller;
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> caller = std::noop_coroutine();
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalStep final_suspend() const noexcept { return {}; }
  // No exception crosses a co_await: libraries that throw are caught where they are called.
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U = T>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  // A Task<Result<X>> may leave with a bare Error.
  void return_value(Error error)
    requires std::constructible_from<T, std::unexpected<Error>>
  {
    value.emplace(std::unexpected(std::move(error)));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().caller = caller;
    return handle_;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().value);
  }

 private:
  Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>{std::coroutine_handle<Promise<T>>::from_promise(*this)};
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>{std::coroutine_handle<Promise<void>>::from_promise(*this)};
}

// A coroutine nobody awaits; it frees itself. Only spawn() makes one.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

template <class T, class Done>
Detached run_detached(Task<T> task, Done done) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(task);
    done();
  } else {
    auto value = co_await std::move(task);
    done(std::move(value));
  }
}
}  // namespace detail

// Starts the task here and now; `done` gets its value, in the same turn if the task never waited.
template <class T, class Done>
void spawn(Task<T> task, Done done) {
  detail::run_detached(std::move(task), std::move(done));
}

// Awaits something that calls back: start(resume) is called with a function that takes the value, once, from any
// thread; the awaiting coroutine goes on in the executor it was suspended in (or at once, in `resume`, if none).
//   auto rows = co_await called_back<Rows>([&](auto done) { reader.ask(query, std::move(done)); });
template <class T, class Start>
class CalledBack {
 public:
  explicit CalledBack(Start start) : start_(std::move(start)) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> self) {
    Executor* home = Executor::current();
    start_([this, self, home](T value) mutable {
      value_.emplace(std::move(value));
      if (home == nullptr || home->runs_here())
        self.resume();
      else
        home->post([self] { self.resume(); });
    });
  }
  T await_resume() { return std::move(*value_); }

 private:
  Start start_;
  std::optional<T> value_;
};

template <class T, class Start>
[[nodiscard]] auto called_back(Start start) {
  return CalledBack<T, Start>(std::move(start));
}

}  // namespace parley
