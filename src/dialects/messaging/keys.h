// The keys in Redis that this wire's neighbours may read: who is there and types, who is in a conversation.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "dialects/shell/presence_hash.h"
#include "model/signal.h"
#include "outbox/outbox.h"

namespace parley::messaging {

inline constexpr std::chrono::seconds typing_lasts{5};

// messaging:presence:USER and messaging:typing:CONVERSATION. Lives on: any thread.
class Keys {
 public:
  Keys(std::unique_ptr<redis::Redis> redis, const Clock& clock)
      : presence_(std::move(redis), {"messaging:presence", std::chrono::seconds{90}}, clock) {}

  void came(const UserId& user, const std::string& connection, std::string status) {
    presence_.came(user, connection, std::move(status));
  }
  void went(const UserId& user, const std::string& connection) { presence_.went(user, connection); }
  void said(const UserId& user, const std::string& status) { presence_.say(user, status); }
  // Others than typing are passed over.
  void typing(const Signal& signal, Time now);
  // Now and then.
  void renew() { presence_.renew(); }
  [[nodiscard]] bool up() const { return presence_.up(); }

 private:
  shell::PresenceHash presence_;
};

// messaging:conv:CONVERSATION: who is in it, while something happens there; it follows the log.
class MemberKeys final : public outbox::Wording {
 public:
  explicit MemberKeys(const Clock& clock) : clock_(clock) {}
  Result<void> tell(store::Reader& reader, const store::TrailStep& step,
                    std::vector<outbox::Out>& out) const override;
  [[nodiscard]] static redis::Commands commands_of(const outbox::Out& one);
  // What is there is not surely what was told: it is written anew.
  void forget() const;

 private:
  [[nodiscard]] bool known(const ConversationId& where) const;

  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<ConversationId, Instant> written_;
};

}  // namespace parley::messaging
