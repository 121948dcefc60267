// The live settings of this door: kept in the store, the same on every loop at once.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/engine.h"

namespace parley::dinq {

// Lives on: any thread.
class Settings {
 public:
  explicit Settings(std::size_t video_megabytes, std::chrono::seconds recall_window);

  // Where they are kept; other processes change them, too.
  static constexpr std::string_view space = "dinq.settings";
  // From the store, over the defaults.
  Task<Result<void>> load(engine::Engine& engine);
  // Stored first, then in force.
  Task<Result<void>> set(engine::Engine& engine, engine::Caller caller, std::string key,
                         std::string value);

  [[nodiscard]] std::map<std::string, std::string> all() const;
  [[nodiscard]] bool on(const std::string& key) const;
  [[nodiscard]] std::size_t video_megabytes() const;
  [[nodiscard]] engine::Policy policy() const;

 private:
  [[nodiscard]] Result<void> check(const std::string& key, const std::string& value) const;

  const std::chrono::seconds recall_window_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> values_;
};

}  // namespace parley::dinq
