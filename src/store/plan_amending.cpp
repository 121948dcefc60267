// What becomes of messages that are there.
#include "store/plan_inside.h"

namespace parley::store {

// The message as it is from now on; the event carries it.
void Plan::Inside::amend(const Change& change, KnownMessage& known, Conversation& row,
                         Event& event) {
  using What = Amendment::What;
  const Amendment& amendment = *change.amends;
  Message& message = *known.row;
  known.changed = true;
  if (amendment.what == What::edits) {
    if (amendment.text) {
      edits.push_back(
          {row.id, message.id, {std::exchange(message.text, *amendment.text), event.at}});
    }
    if (amendment.metadata) message.metadata = *amendment.metadata;
    if (amendment.mentions) message.mentions = *amendment.mentions;
    message.edited_at = event.at;
  } else if (amendment.what == What::detaches) {
    message.attachments = amendment.attachments;
  } else if (amendment.what == What::pins || amendment.what == What::unpins) {
    message.pinned_at = amendment.what == What::pins ? event.at : Time{};
  } else {
    (amendment.what == What::deletes ? message.deleted_at : message.recalled_at) = event.at;
    message.text.clear();
    message.attachments.clear();
    message.metadata.clear();
    message.mentions.clear();
    message.quote = {};
    message.forwarded_from.reset();
    message.sealed = false;
    message.pinned_at = {};
    retract(message);
  }
  event.target = message.id;
  auto shown = std::make_shared<Message>(message);
  if (amendment.seen_as) {
    shown->reply_count = amendment.seen_as->reply_count;
    shown->reactions = amendment.seen_as->reactions;
    shown->quoted = amendment.seen_as->quoted;
  }
  event.message = std::move(shown);
}

void Plan::Inside::retract(const Message& gone) {
  const Retracted one{gone.conversation, gone.seq, gone.sender};
  for (auto& [key, known] : members) retract_from(known, one, key.first);
  retracted.push_back(one);
  std::erase_if(edits, [&](const EditRow& edit) { return edit.message == gone.id; });
  std::erase_if(reactions, [&](const auto& known) {
    return std::get<0>(known.first) == gone.conversation && std::get<1>(known.first) == gone.seq;
  });
}

// Of every message that was made or amended: those of its last state.
void Plan::Inside::write_mentions(Writes& writes) const {
  auto add = [&](const Message& message) {
    for (const Mention& one : message.mentions)
      writes.mentions.push_back({message.conversation, message.seq, one.user, message.sender});
  };
  for (const Message& message : writes.amended) add(message);
  for (const EventRef& event : writes.log) {
    if (event->kind != EventKind::message_created || event->message->mentions.empty()) continue;
    auto known = messages.find({event->conversation, event->seq});
    if (known == messages.end() || !known->second.changed) add(*event->message);
  }
}

}  // namespace parley::store
