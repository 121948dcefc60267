#include "cluster/interest.h"

#include <algorithm>

#include "base/assert.h"

namespace parley::cluster {
namespace {

// Long enough for a hub to follow what one of its people has joined; and people come back.
constexpr std::chrono::seconds let_go_after{10};

}  // namespace

void Wanted::concerns(const UserId& user, bool yes) {
  std::lock_guard lock(mutex_);
  if (yes) {
    ++users_[user];
    return;
  }
  auto at = users_.find(user);
  PARLEY_ASSERT(at != users_.end());
  if (--at->second == 0) users_.erase(at);
}

void Wanted::concerns(const ConversationId& conversation, bool yes) {
  std::lock_guard lock(mutex_);
  const std::uint32_t number = bucket_of(conversation);
  Bucket& bucket = buckets_[number];
  if (yes) {
    ++bucket.conversations;
    want(bucket, number);
  } else if (--bucket.conversations == 0) {
    bucket.idle_since = clock_.instant();
  }
}

void Wanted::want(Bucket& bucket, std::uint32_t number) {
  if (!std::exchange(bucket.heard, true)) told_(number, true);
}

bool Wanted::hears_of(const ConversationId& conversation) const {
  std::lock_guard lock(mutex_);
  return buckets_[bucket_of(conversation)].heard;
}

void Wanted::joined(const ConversationId& conversation, const std::vector<UserId>& users) {
  std::lock_guard lock(mutex_);
  auto is_here = [&](const UserId& user) { return users_.contains(user); };
  if (std::ranges::none_of(users, is_here)) return;
  const std::uint32_t number = bucket_of(conversation);
  Bucket& bucket = buckets_[number];
  bucket.idle_since = clock_.instant();
  want(bucket, number);
}

void Wanted::forget_old() {
  std::lock_guard lock(mutex_);
  const Instant now = clock_.instant();
  for (std::uint32_t number = 0; number < buckets; ++number) {
    Bucket& bucket = buckets_[number];
    if (!bucket.heard || bucket.conversations > 0 || now - bucket.idle_since < let_go_after)
      continue;
    bucket.heard = false;
    told_(number, false);
  }
}

}  // namespace parley::cluster
