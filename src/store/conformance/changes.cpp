#include "store/conformance/changes.h"

#include <algorithm>
#include <functional>

#include "base/id.h"

namespace parley::store {
namespace {

// Its own each thread: some cases submit from several.
template <class Kind>
Kind new_id() {
  static SystemClock clock;
  thread_local SystemRandom random;
  thread_local IdMaker ids(clock, random);
  return Kind{ids.make()};
}

Time now() { return SystemClock{}.now(); }

Change begin(ConversationId where, const std::string& actor) {
  Change change;
  change.where = where;
  change.actor = {actor};
  change.at = now();
  return change;
}

EventDraft draft(EventKind kind, const std::string& subject = {}, Role role = Role::member) {
  return {.id = new_id<MessageId>(),
          .kind = kind,
          .subject = {subject},
          .role = role,
          .details = {},
          .message = nullptr};
}

Change amend(const Message& message, const std::string& by, Amendment::What what, EventKind kind) {
  Change change = begin(message.conversation, by);
  change.amends =
      Amendment{.id = message.id, .seq = message.seq, .what = what, .text = {}, .metadata = {}};
  change.events.push_back(draft(kind));
  return change;
}

Change make(ConversationId id, ConversationType type, const std::string& owner,
            const Names& others) {
  Change change = begin(id, owner);
  Conversation row;
  row.id = id;
  row.type = type;
  row.created_at = row.updated_at = change.at;
  change.creates = row;
  change.events.push_back(draft(EventKind::conversation_created));
  change.sets.push_back({{owner}, Role::owner, 0});
  for (const std::string& other : others) change.sets.push_back({{other}, Role::member, 0});
  return change;
}

}  // namespace

ConversationId new_conversation_id(std::uint8_t lane) {
  auto id = new_id<ConversationId>();
  std::rotate(id.bytes.begin() + 4, id.bytes.begin() + 5, id.bytes.end());
  id.bytes[11] = lane;
  return id;
}

Change make_group(ConversationId id, const std::string& owner, const Names& others) {
  return make(id, ConversationType::group, owner, others);
}

Change make_direct(ConversationId id, const std::string& one, const std::string& other) {
  Change change = make(id, ConversationType::direct, one, {other});
  std::tie(change.creates->direct_low, change.creates->direct_high) =
      std::minmax(UserId{one}, UserId{other});
  return change;
}

Change say(ConversationId where, const std::string& who, const std::string& text) {
  Change change = begin(where, who);
  EventDraft event = draft(EventKind::message_created);
  event.message = std::make_shared<Message>();
  event.message->id = event.id;
  event.message->conversation = where;
  event.message->sender = {who};
  event.message->text = text;
  event.message->created_at = change.at;
  change.events.push_back(std::move(event));
  return change;
}

Change say_once(ConversationId where, const std::string& who, const std::string& key,
                const std::string& text) {
  Change change = say(where, who, text);
  change.once = OnceKey{.who = {who}, .key = key, .fingerprint = std::hash<std::string>{}(text)};
  change.events.front().message->client_id = key;
  return change;
}

Change edit(const Message& message, const std::string& text) {
  Change change =
      amend(message, message.sender.text, Amendment::What::edits, EventKind::message_updated);
  change.amends->text = text;
  return change;
}

Change erase(const Message& message, const std::string& by) {
  return amend(message, by, Amendment::What::deletes, EventKind::message_deleted);
}

Change recall(const Message& message) {
  return amend(message, message.sender.text, Amendment::What::recalls, EventKind::message_recalled);
}

Change pin(const Message& message, const std::string& by, bool on) {
  return on ? amend(message, by, Amendment::What::pins, EventKind::message_pinned)
            : amend(message, by, Amendment::What::unpins, EventKind::message_unpinned);
}

Change react(const Message& message, const std::string& by, const std::string& emoji, bool on) {
  Change change = begin(message.conversation, by);
  EventDraft event = draft(on ? EventKind::reaction_added : EventKind::reaction_removed, by);
  event.details = emoji;
  change.events.push_back(std::move(event));
  change.reacts = ReactionSet{message.id, message.seq, emoji, on};
  return change;
}

Change set_record(RecordSet set) {
  Change change = begin(new_conversation_id(), set.owner);
  change.records.push_back(std::move(set));
  return change;
}

Change set_block(const std::string& blocker, const std::string& blocked, bool on,
                 std::uint8_t lane) {
  Change change = begin(new_conversation_id(lane), blocker);
  change.block = BlockSet{{blocker}, {blocked}, on};
  return change;
}

Change read_upto(ConversationId where, const std::string& who, std::uint64_t seq) {
  Change change = begin(where, who);
  change.read = ReadMove{{who}, Seq{seq}};
  return change;
}

Change read_only(ConversationId where, const std::string& who, std::uint64_t seq) {
  Change change = read_upto(where, who, seq);
  change.read->only_that_one = true;
  return change;
}

Change read_told_alone(ConversationId where, const std::string& who, std::uint64_t seq) {
  Change change = read_upto(where, who, seq);
  change.read->told_alone = true;
  return change;
}

Change add(ConversationId where, const std::string& by, const std::string& who, Role role) {
  Change change = begin(where, by);
  change.events.push_back(draft(EventKind::member_added, who, role));
  change.sets.push_back({{who}, role, 0});
  return change;
}

Change remove(ConversationId where, const std::string& by, const std::string& who) {
  Change change = begin(where, by);
  change.events.push_back(draft(EventKind::member_removed, who));
  change.removes.push_back({who});
  return change;
}

Change set_role(ConversationId where, const std::string& by, const std::string& who, Role role) {
  Change change = add(where, by, who, role);
  change.events.front().kind = EventKind::member_updated;
  return change;
}

Change rename(ConversationId where, const std::string& by, const std::string& name) {
  Change change = begin(where, by);
  change.events.push_back(draft(EventKind::conversation_updated));
  change.patch = Change::Patch{};
  change.patch->name = name;
  return change;
}

Change end(ConversationId where, const std::string& by) {
  Change change = begin(where, by);
  change.events.push_back(draft(EventKind::conversation_deleted));
  change.patch = Change::Patch{};
  change.patch->deletes = true;
  return change;
}

}  // namespace parley::store
