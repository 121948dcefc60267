#include "engine/unread_counts.h"

#include <algorithm>

namespace parley::engine {

std::uint64_t unread_once_seen(const Conversation& conversation, const Member& member,
                               const Event& event, bool on_screen) {
  const std::uint64_t count = unread_count(conversation, member);
  const bool reads_it = on_screen && event.kind == EventKind::message_created &&
                        member.user != event.actor && !member.has_read(event.seq);
  return reads_it && count > 0 ? count - 1 : count;
}

void UnreadCounts::begin(const std::vector<store::Membership>& memberships) {
  for (const auto& [conversation, member] : memberships) {
    if (!member.present() || conversation.deleted_seq.value != 0) continue;
    counts_[conversation.id] = {unread_count(conversation, member),
                                std::max(conversation.last_at, member.read_position)};
  }
}

void UnreadCounts::told(const Event& event, bool seen_at_once) {
  Count& count = counts_[event.conversation];
  const bool joins = event.kind == EventKind::member_added && event.subject == reader_;
  const bool counted = event.position.at <= count.upto;
  count.upto = std::max(count.upto, event.position.at);
  if (counted) return;
  if (joins) count.value = 0;
  if (event.kind == EventKind::message_created && event.actor != reader_ && !seen_at_once)
    ++count.value;
}

void UnreadCounts::told(const Pointer& pointer) {
  Count& count = counts_[pointer.conversation];
  if (pointer.user != reader_ || pointer.position.at <= count.upto) return;
  count = {pointer.unread, pointer.position.at};
}

void UnreadCounts::told(const ConversationId& where, std::uint64_t value) {
  counts_[where].value = value;
}

std::uint64_t UnreadCounts::of(const ConversationId& where) const {
  auto at = counts_.find(where);
  return at == counts_.end() ? 0 : at->second.value;
}

}  // namespace parley::engine
