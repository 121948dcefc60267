// What a broker is to the outbox. Each adapter is a room of its own below this one.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace parley::outbox {

// One message to a broker.
struct Out {
  std::string topic;  // the routing key, subject or topic
  std::string key;    // those with the same one stay in their order
  std::string id;     // the same one each time it is sent
  std::string body;   // JSON
  Time at{};
  std::vector<std::pair<std::string, std::string>> headers{};
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Blocking, on one thread. In order; comes back when the broker has taken all of them for keeping. An Error: nobody
  // knows how many it has, so they are to be sent again. It connects by itself.
  [[nodiscard]] virtual Result<void> send(std::span<const Out> batch) = 0;
  // Passing: nobody waits for it, and it is lost while the broker is away.
  virtual void send_passing(const Out& one) = 0;
};

}  // namespace parley::outbox
