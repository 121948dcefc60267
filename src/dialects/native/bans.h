// Whom administrators keep out: kept in the store, and known to the verifier that every door asks.
#pragma once

#include <memory>
#include <string_view>

#include "engine/engine.h"
#include "identity/banned.h"

namespace parley::native {

// Lives on: any thread.
class Bans {
 public:
  [[nodiscard]] const std::shared_ptr<identity::Banned>& banned() const { return banned_; }
  // Where they are kept; other processes change them, too.
  static constexpr std::string_view space = "bans";
  // As they stand in the store.
  [[nodiscard]] Task<Result<void>> load(engine::Engine& engine);
  // From now on, also for the sessions that are open. No time: for good.
  [[nodiscard]] Task<Result<void>> ban(engine::Engine& engine, engine::Caller caller, UserId user,
                                       std::optional<Time> until, std::string reason);
  [[nodiscard]] Task<Result<void>> lift(engine::Engine& engine, engine::Caller caller, UserId user);

 private:
  std::shared_ptr<identity::Banned> banned_ = std::make_shared<identity::Banned>();
};

}  // namespace parley::native
