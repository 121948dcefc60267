// redis: keeps keys in Redis up to date, for others who read them there.
//
// Knows:     the Redis protocol; when the connection comes back.
// Does not:  which keys (dialects say so). Nothing of ours is read from it, only what others have left there.
// In:        commands, from any thread.   Out: the same, in order, to Redis.
// Lives on:  a thread of its own.
// Failing:   while Redis is away commands are dropped and nobody waits; at its return whoever asked for it writes anew.
// Start at:  Redis::tell().
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "base/worker.h"

namespace parley::redis {

using Command = std::vector<std::string>;
using Commands = std::vector<Command>;

struct Address {
  std::string host = "localhost";
  int port = 6379;
  int database = 0;
  std::string user, password;
};
// redis://user:password@host:port/db, or host:port.
[[nodiscard]] Result<Address> parse_address(std::string_view url);

class Redis {
 public:
  explicit Redis(Address address);
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  void tell(Commands commands);
  // Comes back when they are done, or can't be.
  [[nodiscard]] Task<bool> told(Commands commands);
  // The texts of a list; nothing where it can't be read.
  [[nodiscard]] Task<std::optional<std::vector<std::string>>> list(std::string key);
  // What told() does, blocking; from a thread that is no executor's.
  [[nodiscard]] bool tell_and_wait(Commands commands);
  // Run whenever a connection is made, on the thread of this: what it gives is written first.
  void when_back(std::function<Commands()> state) { state_ = std::move(state); }
  [[nodiscard]] bool up() const { return up_; }

 private:
  struct Connection;
  bool run(const Commands& commands);
  bool connected();
  bool exchange(const Commands& commands);
  std::optional<std::vector<std::string>> read_list(const std::string& key);

  Address address_;
  std::function<Commands()> state_;
  std::unique_ptr<Connection> connection_;
  std::chrono::steady_clock::time_point tried_at_{};
  std::atomic<bool> up_ = false;
  Worker worker_;  // last: it ends before what it uses
};

}  // namespace parley::redis
