// Wakes somebody who waits for news: long polls and event streams over HTTP, which read the log themselves.
#pragma once

#include <coroutine>
#include <memory>

#include "engine/engine.h"

namespace parley::engine {

// Lives on: one loop. Attach before the log is read: what comes in between then counts as news.
class Watch final : public hub::Subscriber {
 public:
  Watch(Engine& engine, Executor& executor, const Caller& caller);
  ~Watch() override;

  Task<Result<void>> open();
  // True: something may have happened since the last call. False: the time is over.
  Task<bool> news(std::chrono::milliseconds patience);

  void receive(const hub::Delivery& delivery) override;
  void receive(const Pointer& pointer, hub::Encodings& encodings) override;
  // What is kept, too, can be found.
  void receive(const Signal& signal, hub::Encodings& /*encodings*/) override {
    if (signal.position) wake();
  }

 private:
  void wake();

  Engine& engine_;
  Executor& executor_;
  bool news_ = false;
  std::coroutine_handle<> sleeper_;
  // For work posted by wake(): empty once this is gone.
  std::shared_ptr<Watch*> self_ = std::make_shared<Watch*>(this);
};

}  // namespace parley::engine
