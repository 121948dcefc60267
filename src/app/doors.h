// The dialects on one loop: each at the root of its own ports, and all on the ports of native: it under /v1, each other one
// under its name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/config/settings.h"
#include "dialects/dinq/dinq.h"
#include "dialects/echo/echo.h"
#include "dialects/messaging/messaging.h"
#include "dialects/native/native.h"
#include "dialects/pulse/pulse.h"
#include "dialects/rtchat/rtchat.h"

namespace parley::app {

// What all loops share.
struct DoorsShared {
  native::Shared native;
  dinq::Shared dinq;
  echo::Shared echo;
  messaging::Shared messaging;
  pulse::Shared pulse;
  rtchat::Shared rtchat;
  std::shared_ptr<redis::Redis> redis;  // for keys that follow the log; empty: none
  // Told on the first loop of each pointer that has moved; empty: nobody wants to know.
  std::function<void(const Pointer&)> pointer_moved;
};
// What the option says; one that is no network is refused.
[[nodiscard]] Result<net::Networks> networks_of(const std::string& option,
                                                const std::vector<std::string>& all);
[[nodiscard]] Result<DoorsShared> share_doors(const config::Settings& settings,
                                              const std::shared_ptr<identity::Verifier>& verifier,
                                              const std::shared_ptr<files::Shelf>& shelf,
                                              const Clock& clock);

// What may change while it runs, but for what belongs to the engines.
void apply_live(const DoorsShared& shared, const config::Settings& now);
[[nodiscard]] Task<bool> at_once(bool value);

class Doors {
 public:
  Doors(net::Loop& loop, engine::Engine& engine, Random& random, const DoorsShared& shared);
  ~Doors();

  // Of a listener for that dialect.
  [[nodiscard]] net::Handler& at(const std::string& dialect);
  void drain(std::chrono::milliseconds spread);
  void let_go(double share);
  [[nodiscard]] std::size_t busy() const;

 private:
  class Front;
  std::map<std::string, std::unique_ptr<rest::Door>> by_name_;
  std::unique_ptr<Front> front_;
};

}  // namespace parley::app
