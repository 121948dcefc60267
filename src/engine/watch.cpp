#include "engine/watch.h"

namespace parley::engine {

Watch::Watch(Engine& engine, Executor& executor, const Caller& caller)
    : Subscriber(caller.user, caller.origin), engine_(engine), executor_(executor) {
  engine_.hub().attach(*this);
}

Watch::~Watch() {
  *self_ = nullptr;
  engine_.hub().detach(*this);
}

Task<Result<void>> Watch::open() {
  auto ask = [user = user()](store::Reader& reader) { return reader.conversations_of(user); };
  CO_TRY(follows, co_await engine_.store().read(std::move(ask)));
  engine_.hub().follow(*this, std::move(follows));
  co_return Result<void>{};
}

Task<bool> Watch::news(std::chrono::milliseconds patience) {
  struct Sleep {
    Watch& watch;
    std::chrono::milliseconds patience;
    Executor::TimerId timer = 0;
    [[nodiscard]] bool await_ready() const noexcept { return watch.news_; }
    void await_suspend(std::coroutine_handle<> self) {
      watch.sleeper_ = self;
      timer = watch.executor_.after(
          patience, [&watch = watch] { std::exchange(watch.sleeper_, {}).resume(); });
    }
    void await_resume() const { watch.executor_.cancel(timer); }
  };
  co_await Sleep{*this, patience};
  co_return std::exchange(news_, false);
}

// Later, not from within the delivery: the sleeper may end, and detach.
void Watch::wake() {
  if (std::exchange(news_, true) || !sleeper_) return;
  executor_.post([self = self_] {
    if (*self != nullptr && (*self)->sleeper_) std::exchange((*self)->sleeper_, {}).resume();
  });
}

void Watch::receive(const hub::Delivery& /*delivery*/) { wake(); }
void Watch::receive(const Pointer& /*pointer*/, hub::Encodings& /*encodings*/) { wake(); }

}  // namespace parley::engine
