// Whether somebody exists: another service knows, and is asked when they are put into a conversation.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "fetch/fetch.h"
#include "model/names.h"

namespace parley::pulse {

// Lives on: any thread.
class Users {
 public:
  // The service's address; empty: nobody is asked.
  Users(std::string url, const Clock& clock);
  struct Found {
    std::vector<UserId> unknown;                          // those it says there are not
    std::vector<std::pair<UserId, std::string>> answers;  // what it says of others now, as JSON
  };
  // Of those it can't tell, nobody is unknown.
  [[nodiscard]] Task<Found> look_up(std::vector<UserId> users);

 private:
  // False: somebody got no answer.
  [[nodiscard]] Task<bool> ask(std::span<const UserId> users, Found& found);

  struct Known {
    bool exists = true;
    Instant since{};
  };
  // Nothing: not asked lately.
  [[nodiscard]] std::optional<bool> remembered(const UserId& user);
  void remember(const UserId& user, bool exists);

  static constexpr std::size_t remembered_max = 100'000;
  std::string url_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<UserId, Known> known_;
  fetch::Asker asker_{8};
};

}  // namespace parley::pulse
