#include "engine/recounts.h"

#include <algorithm>

namespace parley::engine {

std::optional<std::uint64_t> Recounts::told(const Event& event) {
  auto at = pending_.find(event.conversation);
  if (concerns(event, reader_)) {
    const Seq before = at == pending_.end() ? Seq{} : at->second.gone;
    pending_[event.conversation] = {.number = ++number_,
                                    .gone = std::max(before, event.message->seq),
                                    .last = event.seq,
                                    .by_others = {},
                                    .answer = {}};
    return number_;
  }
  if (at == pending_.end()) return std::nullopt;
  at->second.last = event.seq;
  if (event.kind == EventKind::message_created && event.actor != reader_)
    at->second.by_others.push_back(event.seq);
  tell_if_due(event.conversation);
  return std::nullopt;
}

void Recounts::told(const Pointer& pointer) {
  if (pointer.user == reader_) pending_.erase(pointer.conversation);
}

void Recounts::answered(std::uint64_t number, const Conversation& conversation,
                        const Member& reader) {
  auto at = pending_.find(conversation.id);
  if (at == pending_.end() || at->second.number != number) return;
  // Who had read it all, or is no longer there, has nothing to learn.
  if (!reader.present() || reader.read_seq >= at->second.gone) {
    pending_.erase(at);
    return;
  }
  at->second.answer = {unread_count(conversation, reader), conversation.last_seq};
  tell_if_due(conversation.id);
}

void Recounts::tell_if_due(const ConversationId& where) {
  auto at = pending_.find(where);
  const Pending& pending = at->second;
  if (!pending.answer || pending.last < pending.answer->upto) return;
  const auto newer =
      std::ranges::count_if(pending.by_others, [&](Seq seq) { return seq > pending.answer->upto; });
  const std::uint64_t count = pending.answer->count + static_cast<std::uint64_t>(newer);
  pending_.erase(at);
  tell_(where, count);
}

}  // namespace parley::engine
