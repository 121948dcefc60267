// How people are shown: what their tokens say of them, and when they were there last; kept for those who see them later.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"

namespace parley::messaging {

struct Profile {
  UserId user;
  std::string username, email, display_name, avatar_url;
  Time created_at{}, updated_at{};
  Time last_seen{};  // when their last connection went; zero: not known
  friend bool operator==(const Profile&, const Profile&) = default;
};

// Lives on: any thread.
class Profiles {
 public:
  explicit Profiles(const Clock& clock) : clock_(clock) {}

  // What is known of them by now; a placeholder for whom nothing is.
  [[nodiscard]] Profile known(const UserId& user) const;
  // Reads those that are not known yet, many at a time.
  Task<Result<void>> load(engine::Engine& engine, std::vector<UserId> users);
  Result<void> load(store::Reader& reader, std::span<const UserId> users);
  // They have shown a token that says this.
  Task<Result<void>> met(engine::Engine& engine, engine::Caller caller,
                         std::map<std::string, std::string> claims);
  // Whether they ever have.
  Task<Result<bool>> ever_met(engine::Engine& engine, UserId user);
  // Their last connection has gone.
  void left(const UserId& user);
  // That this is kept, for other processes and the next one.
  Task<Result<void>> keep_left(engine::Engine& engine, engine::Caller caller);

 private:
  [[nodiscard]] bool has(const UserId& user) const;
  void keep(Profile profile);

  static constexpr std::size_t kept_max = 100'000;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::unordered_map<UserId, Profile> known_;
};

}  // namespace parley::messaging
