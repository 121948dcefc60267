// The keys in Redis that this wire's neighbours read: who is there, what waits for whom, who has how much unread.
#pragma once

#include <memory>

#include "hub/presence.h"
#include "outbox/outbox.h"
#include "redis/redis.h"

namespace parley::dinq {

// online_users and online:USER. Lives on: any thread.
class PresenceKeys {
 public:
  PresenceKeys(std::shared_ptr<redis::Redis> redis, hub::Presence& presence, const Clock& clock);

  // Comes back when what was told before is written, or can't be.
  [[nodiscard]] Task<bool> written();
  // What the original has left for somebody who was away (offline_msg:USER), oldest first.
  [[nodiscard]] Task<std::vector<std::string>> left_for(UserId user);
  // So many of these have been shown.
  void shown(const UserId& user, std::size_t count);
  // A sign of life.
  [[nodiscard]] Task<bool> is_there(UserId user);
  // Now and then: who is there stays there.
  void renew();

 private:
  [[nodiscard]] redis::Commands all_commands() const;

  hub::Presence& presence_;
  const Clock& clock_;
  Instant renewed_at_{};
  std::shared_ptr<redis::Redis> redis_;
};

// unread_count:USER:CONVERSATION and offline_messages:USER follow the log.
[[nodiscard]] std::shared_ptr<const outbox::Wording> make_keys_wording(
    std::shared_ptr<hub::Presence> presence, const Clock& clock);
[[nodiscard]] std::unique_ptr<outbox::Sink> make_keys_sink(std::shared_ptr<redis::Redis> redis);
// What waited for them has been shown.
[[nodiscard]] outbox::Out nothing_waits_for(const UserId& user);

}  // namespace parley::dinq
