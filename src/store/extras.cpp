#include "store/extras.h"

#include <algorithm>
#include <map>

namespace parley::store {
namespace {

using Some = std::vector<Message*>;

Result<void> add_replies(Reader& reader, const ConversationId& where, const Some& messages) {
  std::vector<MessageId> ids;
  for (const Message* one : messages) ids.push_back(one->id);
  TRY(counts, reader.reply_counts(where, ids));
  for (const auto& [parent, count] : counts) {
    auto at = std::ranges::find(messages, parent, &Message::id);
    if (at != messages.end()) (*at)->reply_count = count;
  }
  return {};
}

Result<void> add_reactions(Reader& reader, const ConversationId& where, const Some& messages) {
  const auto [first, last] = std::ranges::minmax_element(messages, {}, &Message::seq);
  TRY(all, reader.reactions(where, (*first)->seq, (*last)->seq));
  for (auto& [seq, reaction] : all) {
    auto at = std::ranges::find(messages, seq, &Message::seq);
    if (at != messages.end()) (*at)->reactions.push_back(std::move(reaction));
  }
  return {};
}

Result<void> add_quoted(Reader& reader, const Some& messages) {
  for (Message* one : messages) {
    if (one->quote.empty()) continue;
    TRY(quoted, reader.message(one->quote));
    if (quoted) one->quoted = std::make_shared<Message>(std::move(*quoted));
  }
  return {};
}

}  // namespace

Result<void> add_extras(Reader& reader, std::span<Message> messages) {
  std::map<ConversationId, Some> by_place;
  for (Message& one : messages)
    if (!one.gone()) by_place[one.conversation].push_back(&one);
  for (auto& [where, some] : by_place) {
    TRY_DO(add_replies(reader, where, some));
    TRY_DO(add_reactions(reader, where, some));
    TRY_DO(add_quoted(reader, some));
  }
  return {};
}

Result<void> add_extras(Reader& reader, Message& message) {
  return add_extras(reader, std::span(&message, 1));
}

Result<void> add_readers(Reader& reader, std::span<Message> messages) {
  if (messages.empty()) return {};
  const auto [first, last] = std::ranges::minmax_element(messages, {}, &Message::seq);
  TRY(readings, reader.readings(first->conversation, first->seq, last->seq));
  for (const Reading& one : readings)
    for (Message& message : messages)
      if (one.span.from <= message.seq && message.seq <= one.span.upto &&
          message.sender != one.user)
        message.seen_by.push_back({one.user, one.at});
  return {};
}

}  // namespace parley::store
