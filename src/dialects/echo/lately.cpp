#include "dialects/echo/lately.h"

namespace parley::echo {

void Lately::saw(const Event& event) {
  if (event.kind == EventKind::message_created) {
    const Place place{event.conversation, event.seq};
    if (!known_.try_emplace(place, Known{event.actor, event.message->id}).second) return;
    in_order_.push_back(place);
    if (in_order_.size() <= most) return;
    known_.erase(in_order_.front());
    in_order_.pop_front();
  } else if (event.kind == EventKind::message_deleted ||
             event.kind == EventKind::message_recalled) {
    if (event.message) known_.erase({event.conversation, event.message->seq});
  }
}

std::optional<std::vector<MessageId>> Lately::by(const UserId& sender, const ConversationId& where,
                                                 Seq after, Seq upto) const {
  std::vector<MessageId> ids;
  auto at = known_.upper_bound({where, after});
  for (std::uint64_t seq = after.value + 1; seq <= upto.value; ++seq, ++at) {
    if (at == known_.end() || at->first != Place{where, Seq{seq}}) return std::nullopt;
    if (at->second.sender == sender) ids.push_back(at->second.id);
  }
  return ids;
}

}  // namespace parley::echo
