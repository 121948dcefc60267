// What this node wants to hear of: conversations that somebody here follows, gathered into buckets, each a topic.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "cluster/order.h"
#include "hub/hub.h"

namespace parley::cluster {

// Few enough that all of them can be subscribed to by every node, many enough that few nodes share one by accident while
// conversations are few.
inline constexpr std::uint32_t buckets = 4'096;
[[nodiscard]] inline std::uint32_t bucket_of(const ConversationId& conversation) {
  return static_cast<std::uint32_t>((std::hash<ConversationId>{}(conversation) >> 20U) % buckets);
}

// Lives on: any thread.
class Wanted final : public hub::Interest, public Hearing {
 public:
  // Told when a bucket begins to be wanted, and when it ceases to; one call at a time.
  using Told = std::function<void(std::uint32_t bucket, bool wanted)>;
  Wanted(const Clock& clock, Told told) : clock_(clock), told_(std::move(told)) {}

  void concerns(const UserId& user, bool yes) override;
  void concerns(const ConversationId& conversation, bool yes) override;

  // Whether what happens there is sent here.
  [[nodiscard]] bool hears_of(const ConversationId& conversation) const override;
  // Somebody who is connected here has joined; until their hub has noticed, this says so.
  void joined(const ConversationId& conversation, const std::vector<UserId>& users) override;
  // Buckets that nobody has wanted for a while are let go of.
  void forget_old();

 private:
  struct Bucket {
    std::uint32_t conversations = 0;
    bool heard = false;
    Instant idle_since{};
  };
  void want(Bucket& bucket, std::uint32_t number);

  const Clock& clock_;
  const Told told_;
  mutable std::mutex mutex_;
  std::array<Bucket, buckets> buckets_{};
  std::unordered_map<UserId, std::uint32_t> users_;  // on how many loops
};

}  // namespace parley::cluster
