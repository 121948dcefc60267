// What the rest of the platform tells this door: notifications for people who are here, and who they are.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "dialects/pulse/cache.h"
#include "intake/intake.h"

namespace parley::pulse {

// In whose words a notification is.
inline constexpr const char* notifications_space = "pulse.notifications";

[[nodiscard]] std::vector<intake::Source> incoming_sources();

// Lives on: the engine's loop.
class Incoming final : public intake::Taker {
 public:
  Incoming(engine::Engine& engine, std::shared_ptr<Cache> cache)
      : engine_(engine), cache_(std::move(cache)) {}
  [[nodiscard]] Task<Result<void>> take(std::string exchange, std::string body) override;

 private:
  [[nodiscard]] Result<void> take_notification(const std::string& body);
  // False: it was taken before.
  [[nodiscard]] bool is_new(const std::string& notification);

  engine::Engine& engine_;
  std::shared_ptr<Cache> cache_;
  std::unordered_set<std::string> taken_;  // the last ones
  std::deque<std::string> taken_in_order_;
};

}  // namespace parley::pulse
