// The keys in Redis that this wire's neighbours may read: who is there, what was said last, how much anybody may ask for.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/rate_limit.h"
#include "dialects/shell/presence_hash.h"
#include "outbox/outbox.h"

namespace parley::echo {

// echo:presence:USER and echo:rl:USER. Lives on: any thread.
class Keys {
 public:
  Keys(std::unique_ptr<redis::Redis> redis, const Clock& clock)
      : presence_(std::move(redis), {"echo:presence", std::chrono::minutes{5}}, clock) {}

  void came(const UserId& user, const std::string& device) { presence_.came(user, device); }
  void went(const UserId& user, const std::string& device) { presence_.went(user, device); }
  void asked(const UserId& user, const RateLimiter::Verdict& verdict);
  // Now and then.
  void renew() { presence_.renew(); }
  [[nodiscard]] bool up() const { return presence_.up(); }

 private:
  shell::PresenceHash presence_;
};

// echo:recent:CONVERSATION: the newest messages, newest first; it follows the log.
class Recents final : public outbox::Wording {
 public:
  explicit Recents(const Clock& clock) : clock_(clock) {}
  Result<void> tell(store::Reader& reader, const store::TrailStep& step,
                    std::vector<outbox::Out>& out) const override;
  [[nodiscard]] static redis::Commands commands_of(const outbox::Out& one);
  // What is there is not surely what was told: it is written anew.
  void forget() const;

 private:
  // All of a conversation's list, as it was written last.
  struct Written {
    Instant at{};
    Seq upto;
  };
  [[nodiscard]] std::optional<Written> written(const ConversationId& where) const;
  Result<void> tell_all(store::Reader& reader, const ConversationId& where,
                        std::vector<outbox::Out>& out) const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<ConversationId, Written> written_;
};

}  // namespace parley::echo
