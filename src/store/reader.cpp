#include "store/reader.h"

namespace parley::store {

Result<std::vector<ConversationId>> Reader::conversations_of(const UserId& user) {
  TRY(all, memberships(user));
  std::vector<ConversationId> ids;
  for (const Membership& one : all)
    if (one.member.present()) ids.push_back(one.conversation.id);
  return ids;
}

Result<std::vector<UserId>> Reader::partners(const UserId& user) {
  TRY(all, memberships(user));
  std::vector<UserId> partners;
  for (const auto& [conversation, member] : all) {
    if (conversation.type != ConversationType::direct || !member.present()) continue;
    partners.push_back(conversation.direct_low == user ? conversation.direct_high
                                                       : conversation.direct_low);
  }
  return partners;
}

Result<std::vector<Membership>> Reader::memberships_with_news(const UserId& user,
                                                              const Cursor& /*since*/,
                                                              Unread /*unread*/) {
  return memberships(user);
}

Result<MaybeHits> Reader::maybe_hits(const ConversationId& where, const Tokens& /*sought*/,
                                     Seq below, std::size_t limit) {
  MaybeHits hits;
  TRY(all, messages(where, {MessageRange::Towards::older, below, limit}));
  if (all.size() == limit) hits.below = all.back().seq;
  hits.messages = std::move(all);
  return hits;
}

Result<std::optional<std::vector<Place>>> Reader::few_places(
    const std::vector<ConversationId>& /*among*/, const Tokens& /*sought*/) {
  return std::nullopt;
}

Result<std::uint64_t> Reader::not_indexed() { return 0; }

}  // namespace parley::store
