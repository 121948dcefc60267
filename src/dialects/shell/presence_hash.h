// PREFIX:USER in Redis: a hash of somebody's devices or connections at a door, for others who look there.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/time.h"
#include "model/names.h"
#include "redis/redis.h"

namespace parley::shell {

// Lives on: any thread.
class PresenceHash {
 public:
  struct Kind {
    std::string prefix;          // "echo:presence"
    std::chrono::seconds lives;  // without a sign of life; who is there is renewed before
  };
  PresenceHash(std::unique_ptr<redis::Redis> redis, Kind kind, const Clock& clock);

  // `value`: what is to be known of it; empty: when it was there last, in Unix seconds.
  void came(const UserId& user, const std::string& field, std::string value = {});
  void went(const UserId& user, const std::string& field);
  // The same of all that this user has.
  void say(const UserId& user, const std::string& value);
  // Now and then; and whether Redis is there is looked at.
  void renew();

  [[nodiscard]] redis::Redis& redis() { return *redis_; }
  [[nodiscard]] bool up() const { return redis_->up(); }

 private:
  struct Entry {
    std::string value;
    std::size_t count = 0;  // of connections that go by this name
  };
  using Entries = std::map<std::string, Entry>;
  [[nodiscard]] std::string key_of(const UserId& user) const;
  [[nodiscard]] redis::Commands commands_of(const UserId& user, const Entries& entries) const;
  [[nodiscard]] redis::Commands all_commands();

  const Kind kind_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<UserId, Entries> people_;
  Instant renewed_at_{};
  std::unique_ptr<redis::Redis> redis_;  // last: its thread ends before what it asks for
};

}  // namespace parley::shell
