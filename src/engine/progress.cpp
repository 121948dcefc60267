#include "engine/progress.h"

#include <map>

namespace parley::engine {

// In large conversations nobody is told of who has what, so nothing is counted either.
Result<void> add_progress(store::Reader& reader, const Conversation& where,
                          std::span<Message> messages) {
  if (messages.empty() || where.members_count > pointers_shown_up_to_members) return {};
  TRY(members, reader.members(where.id, {}, pointers_shown_up_to_members));
  for (Message& message : messages) {
    bool any = false, delivered = true, read = where.settings.read_receipts;
    for (const Member& one : members) {
      if (one.user == message.sender || one.joined_seq > message.seq) continue;
      any = true;
      delivered = delivered && one.delivered_seq >= message.seq;
      read = read && one.has_read(message.seq) && one.own.read_receipts;
    }
    if (!any) continue;
    message.progress = read ? Progress::read : delivered ? Progress::delivered : Progress::sent;
  }
  return {};
}

Result<void> add_progress(store::Reader& reader, std::span<Message> messages) {
  std::map<ConversationId, std::vector<Message*>> by_place;
  for (Message& one : messages) by_place[one.conversation].push_back(&one);
  for (auto& [where, some] : by_place) {
    TRY(conversation, reader.conversation(where));
    if (!conversation) continue;
    std::vector<Message> of_it;
    for (Message* one : some) of_it.push_back(std::move(*one));
    auto done = add_progress(reader, *conversation, of_it);
    for (std::size_t i = 0; i < some.size(); ++i) *some[i] = std::move(of_it[i]);
    TRY_DO(std::move(done));
  }
  return {};
}

}  // namespace parley::engine
