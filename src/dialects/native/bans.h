// Whom administrators keep out: kept in the store, and known to the verifier that every door asks.
#pragma once

#include <memory>

#include "engine/engine.h"
#include "identity/banned.h"

namespace parley::native {

// Lives on: any thread.
class Bans {
 public:
  [[nodiscard]] const std::shared_ptr<identity::Banned>& banned() const { return banned_; }
  // What was settled before this process began.
  [[nodiscard]] Task<Result<void>> load(engine::Engine& engine);
  // From now on, also for the sessions that are open. No time: for good.
  [[nodiscard]] Task<Result<void>> ban(engine::Engine& engine, engine::Caller caller, UserId user,
                                       std::optional<Time> until, std::string reason);
  [[nodiscard]] Task<Result<void>> lift(engine::Engine& engine, engine::Caller caller, UserId user);

 private:
  std::shared_ptr<identity::Banned> banned_ = std::make_shared<identity::Banned>();
};

}  // namespace parley::native
