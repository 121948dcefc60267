// Between nodes: bytes under topics, at most once. Each adapter is a room of its own below this one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::cluster {

class Transport {
 public:
  class Listener {
   public:
    // On a thread of the transport, one call at a time. Of one speaker on one topic in the order spoken, unless lost.
    virtual void heard(std::string_view topic, std::string_view body) = 0;
    // The connection has come (what is subscribed to is heard from now on) or gone: what was spoken meanwhile is lost.
    virtual void linked(bool up) = 0;

   protected:
    ~Listener() = default;
  };

  virtual ~Transport() = default;
  // Once; the listener outlives stop(). It connects by itself, again and again.
  virtual void start(Listener& listener) = 0;
  virtual void stop() = 0;

  struct Spoken {
    std::string topic, body;
  };
  // From any thread, never blocking; in this order. Dropped while the connection is away, or where too much waits.
  // A topic is made of letters, digits and dots; a body is no longer than body_max.
  virtual void publish(std::vector<Spoken> all) = 0;
  virtual void subscribe(const std::string& topic) = 0;
  virtual void unsubscribe(const std::string& topic) = 0;
  [[nodiscard]] virtual bool up() const = 0;

  static constexpr std::size_t body_max = 1'000'000;
};

}  // namespace parley::cluster
