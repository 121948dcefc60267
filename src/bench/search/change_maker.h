// Changes as the engine would ask for them, for who fills a store without one.
#pragma once

#include <string>
#include <vector>

#include "base/id.h"
#include "store/change.h"

namespace parley::bench {

class ChangeMaker {
 public:
  ConversationId conversation() { return ids_.make<ConversationKind>(); }

  store::Change group(ConversationId id, const std::vector<std::string>& members) {
    store::Change change = begin(id, "owner");
    Conversation row;
    row.id = id;
    row.created_at = row.updated_at = change.at;
    change.creates = row;
    change.events.push_back({.id = ids_.make<MessageKindTag>(),
                             .kind = EventKind::conversation_created,
                             .subject = {},
                             .role = Role::member,
                             .details = {},
                             .message = nullptr});
    change.sets.push_back({{"owner"}, Role::owner, 0});
    for (const std::string& one : members) change.sets.push_back({{one}, Role::member, 0});
    return change;
  }

  store::Change message(ConversationId where, std::string text) {
    store::Change change = begin(where, "owner");
    auto message = std::make_shared<Message>();
    message->id = ids_.make<MessageKindTag>();
    message->conversation = where;
    message->sender = change.actor;
    message->text = std::move(text);
    message->created_at = change.at;
    change.events.push_back({.id = message->id,
                             .kind = EventKind::message_created,
                             .subject = {},
                             .role = Role::member,
                             .details = {},
                             .message = message});
    return change;
  }

 private:
  store::Change begin(ConversationId where, const std::string& actor) {
    store::Change change;
    change.where = where;
    change.actor = {actor};
    change.at = clock_.now();
    return change;
  }
  SystemClock clock_;
  SystemRandom random_;
  IdMaker ids_{clock_, random_};
};

}  // namespace parley::bench
