// The user cache: what other services have said of people, kept in the store.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "engine/engine.h"

namespace parley::pulse {

inline constexpr const char* users_space = "pulse.users";
inline constexpr const char* user_key = "profile";

struct Profile {
  std::string username, display_name, avatar_url;
  bool verified = false;
};

// What is new of somebody; what is not given stays as it was.
struct ProfileNews {
  UserId user;
  std::optional<std::string> username, display_name, avatar_url;
  std::optional<bool> verified;
  Time told_at{};  // zero: nobody said when
};
[[nodiscard]] Result<ProfileNews> profile_news_in(const JsonObject& told, UserId user);

// Of a record of theirs, where there is one that can be read.
[[nodiscard]] std::optional<Profile> profile_in(const std::optional<store::Record>& record);

// Lives on: any thread; what it remembers is at most a minute old.
class Cache {
 public:
  explicit Cache(const Clock& clock) : clock_(clock) {}

  // Of those who are known.
  [[nodiscard]] Task<Result<std::map<UserId, Profile>>> of(engine::Engine& engine,
                                                           std::vector<UserId> users);
  // Comes back when it is kept. What is older than what is kept changes nothing.
  [[nodiscard]] Task<Result<void>> learn(engine::Engine& engine, ProfileNews news);

 private:
  struct Remembered {
    std::optional<Profile> profile;
    Instant since{};
  };
  void remember(const UserId& user, std::optional<Profile> profile);
  // Those that have to be asked for.
  [[nodiscard]] std::vector<UserId> recall(const std::vector<UserId>& users,
                                           std::map<UserId, Profile>& known);

  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<UserId, Remembered> remembered_;
};

}  // namespace parley::pulse
