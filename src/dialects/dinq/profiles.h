// How people are called: another service knows. It is asked each time, so that nobody is shown by a name they had; where it
// does not answer they are shown without.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "fetch/fetch.h"
#include "model/names.h"

namespace parley::dinq {

struct Profile {
  std::string name, avatar_url, domain, full_position;
};
using ProfileMap = std::unordered_map<UserId, Profile>;

// Lives on: any thread.
class Profiles {
 public:
  // The service's address; empty: there is none.
  Profiles(std::string url, const Clock& clock);
  [[nodiscard]] Task<ProfileMap> of(std::vector<UserId> users);

 private:
  [[nodiscard]] Task<bool> add_some(std::span<const UserId> users, ProfileMap& to);

  std::string url_;
  const Clock& clock_;
  std::atomic<Instant::rep> not_before_ = 0;
  fetch::Asker asker_{2};
};

}  // namespace parley::dinq
