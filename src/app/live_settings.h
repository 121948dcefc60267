// What administrators may change while the server runs: live options, over what is configured; kept in the store.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "app/config/settings.h"
#include "dialects/native/native.h"

namespace parley::app {

// Lives on: any thread.
class LiveSettings final : public native::Desk {
 public:
  // `reread`: the configuration as it is now, beside what is running. `changed` is told of each new state.
  using Reread = std::function<Result<config::Reloaded>(const config::Settings& configured)>;
  using Changed = std::function<void(const config::Settings& now)>;
  LiveSettings(const config::Settings& configured, Reread reread, Changed changed);

  // Where they are kept; other processes change them, too.
  static constexpr std::string_view space = "settings";
  // As they stand in the store.
  [[nodiscard]] Task<Result<void>> load(engine::Engine& engine);

  std::vector<native::Setting> all() const override;
  Task<Result<native::Setting>> put(engine::Engine& engine, engine::Caller caller, std::string key,
                                    std::optional<std::string> value) override;
  Task<Result<Reloaded>> reload(engine::Engine& engine) override;

 private:
  using Stored = std::map<std::string, std::string>;
  // The keys whose values are others now.
  std::vector<std::string> take(std::optional<config::Settings> configured,
                                std::optional<Stored> stored);
  static Task<Result<Stored>> read_stored(engine::Engine& engine);

  const Reread reread_;
  const Changed changed_;
  mutable std::mutex mutex_;
  config::Settings configured_, now_;
  Stored stored_;
};

}  // namespace parley::app
