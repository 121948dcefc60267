#include "store/mongo/writes.h"

#include <algorithm>

#include "store/mongo/collections.h"

namespace parley::store::mongo {
namespace {

using Missing = Statements::Missing;
using Many = Statements::Many;

struct People {
  Participants names;
  bool changed = false;
};

class Writing {
 public:
  Writing(const Writes& writes, const MongoBefore& before, const std::string& messages,
          std::uint64_t batch)
      : writes_(writes), before_(before), messages_(messages), batch_(batch) {}

  // Within a collection in the order that plan.h asks for.
  Statements all() {
    for (const Conversation& row : writes_.created)
      people_[row.id] = {std::set<std::string>{}, true};
    for (const EventRef& event : writes_.log) put_event(*event);
    for (const Conversation& row : writes_.created) put_conversation(row);
    for (const Conversation& row : writes_.updated) put_conversation(row);
    for (const Retracted& one : writes_.retracted) retract(one);
    for (const MemberRow& row : writes_.members)
      out_.put(members_collection, named(member_name(row.conversation, row.member.user)),
               member_doc(row.conversation, row.member, next_stamp()));
    for (const OwnSends& sends : writes_.own_sends) count_own(sends);
    for (const ReadingRow& row : writes_.readings) put_reading(row);
    if (writes_.forget_once)
      for (const auto& [who, key] : before_.forgotten())
        out_.remove(once_collection, named(once_name(who, key)));
    for (const OnceRow& row : writes_.once) put_once(row);
    for (const BlockRow& row : writes_.blocks) put_block(row);
    for (const EditRow& row : writes_.edits) put_edit(row);
    for (const Message& message : writes_.amended) amend(message);
    for (const MentionRow& row : writes_.mentions) put_mention(row);
    for (const ReactionRow& row : writes_.reactions) put_reaction(row);
    for (const Record& row : writes_.records) put_record(row);
    for (const Record& row : writes_.no_records) forget_record(row);
    return std::move(out_);
  }

 private:
  template <class Name>
  static Doc named(const Name& name) {
    return Doc().put("_id", name);
  }
  // Grows from statement to statement, over all batches. A member's document carries the stamp of what was done to it
  // last: what only adds to it does so once.
  std::uint64_t next_stamp() {
    constexpr std::uint64_t statements_of_a_batch = 1U << 20U;
    return batch_ * statements_of_a_batch + ++stamps_;
  }

  People& people(const ConversationId& id) {
    auto [at, fresh] = people_.try_emplace(id);
    if (fresh) at->second = {before_.participants(id), before_.lacks_participants(id)};
    return at->second;
  }

  void put_event(const Event& event) {
    People& people = this->people(event.conversation);
    for (const UserId& user : event.joined)
      if (people.names) people.changed |= people.names->insert(user.text).second;
    for (const UserId& user : event.left)
      if (people.names) people.changed |= people.names->erase(user.text) != 0;
    if (people.names && people.names->size() > participants_kept_up_to) people.names.reset();
    if (event.kind == EventKind::message_created) {
      out_.put(messages_, named(event.id), message_doc(event, people.names));
      last_message_[event.conversation] = event.message;
    } else {
      out_.put(events_collection, named(event.id), event_doc(event));
    }
  }

  void put_conversation(const Conversation& row) {
    Doc set, unset;
    set.put("type", type_shown(row.type)).put("name", row.name);
    set.put("created_at", Date{row.created_at}).put("updated_at", Date{row.updated_at});
    if (auto last = last_message(row))
      set.put("last_message", Doc()
                                  .put("content", last->text)
                                  .put("sender_id", last->sender)
                                  .put("timestamp", Date{last->created_at}));
    const People& people = this->people(row.id);
    if (people.changed && people.names)
      set.put("participants", list_of(*people.names));
    else if (people.changed)
      unset.put("participants", "");
    set.put("parley", conversation_inside(row));
    Doc change;
    change.put("$set", set);
    if (!unset.empty()) change.put("$unset", unset);
    out_.update(conversations_collection, named(row.id), change, Missing::made);
  }

  // As it stands after the batch; nothing where the batch does not touch it.
  std::shared_ptr<const Message> last_message(const Conversation& row) const {
    auto amended = std::ranges::find_if(writes_.amended, [&](const Message& message) {
      return message.conversation == row.id && message.seq == row.last_message_seq;
    });
    if (amended != writes_.amended.end()) return std::make_shared<const Message>(*amended);
    auto at = last_message_.find(row.id);
    return at == last_message_.end() ? nullptr : at->second;
  }

  void retract(const Retracted& one) {
    const std::uint64_t stamp = next_stamp();
    const Doc has_it =
        Doc().put("from", Doc().put("$lte", one.seq)).put("upto", Doc().put("$gte", one.seq));
    Doc who;
    who.put("_id.conversation", one.conversation).put("left_seq", 0);
    who.put("read_seq", Doc().put("$lt", one.seq));
    who.put("_id.user", Doc().put("$ne", one.sender));
    who.put("read_beyond", Doc().put("$not", Doc().put("$elemMatch", has_it)));
    who.put("stamp", Doc().put("$lt", stamp));
    out_.update(members_collection, who, more_base(1, stamp), Missing::left, Many::all);
  }

  void count_own(const OwnSends& sends) {
    const std::uint64_t stamp = next_stamp();
    const Doc who =
        named(member_name(sends.conversation, sends.user)).put("stamp", Doc().put("$lt", stamp));
    out_.update(members_collection, who, more_base(sends.count, stamp), Missing::left);
  }

  static Doc more_base(std::uint64_t count, std::uint64_t stamp) {
    return Doc()
        .put("$inc", Doc().put("unread_base", count))
        .put("$set", Doc().put("stamp", stamp));
  }

  void put_reading(const ReadingRow& row) {
    const auto& [user, span, at] = row.reading;
    const Doc name = reading_name(row.conversation, user, span.upto);
    out_.put(readings_collection, named(name),
             named(name).put("from", span.from).put("at", at).put("position", row.at));
    if (!is_shown(row)) return;
    // For others who read it there; ours are the rows above.
    const Doc they = Doc().put("user_id", user).put("read_at", Date{at});
    Doc which;
    which.put("conversation_id", row.conversation);
    which.put("parley.seq", Doc().put("$gte", span.from).put("$lte", span.upto));
    which.put("sender_id", Doc().put("$ne", user));
    which.put("delivery_status.read_by.user_id", Doc().put("$ne", user));
    out_.update(messages_, which, Doc().put("$push", Doc().put("delivery_status.read_by", they)),
                Missing::left, Many::all);
  }

  // Whether others may know of it, and the conversation is small enough for a list in each message.
  bool is_shown(const ReadingRow& row) const {
    auto where = std::ranges::find(writes_.updated, row.conversation, &Conversation::id);
    if (where == writes_.updated.end() || !where->settings.read_receipts ||
        where->members_count > pointers_shown_up_to_members)
      return false;
    return std::ranges::any_of(writes_.members, [&](const MemberRow& one) {
      return one.conversation == row.conversation && one.member.user == row.reading.user &&
             one.member.own.read_receipts;
    });
  }

  void put_once(const OnceRow& row) {
    const Doc name = once_name(row.key.who, row.key.key);
    out_.put(once_collection, named(name),
             named(name)
                 .put("fingerprint", row.record.fingerprint)
                 .put("conversation", row.record.conversation)
                 .put("seq", row.record.seq)
                 .put("at", row.at)
                 .put("keep", row.key.keep));
  }

  void put_block(const BlockRow& row) {
    const Doc name = named(block_name(row.set.blocker, row.set.blocked));
    if (row.set.on)
      out_.update(blocks_collection, name, Doc().put("$setOnInsert", Doc().put("since", row.at)),
                  Missing::made);
    else
      out_.remove(blocks_collection, name);
  }

  void put_edit(const EditRow& row) {
    const Doc name = Doc().put("message", row.message).put("number", next_stamp());
    out_.put(edits_collection, named(name),
             named(name).put("until", row.before.until).put("text", row.before.text));
  }

  void amend(const Message& message) {
    out_.update(messages_, named(message.id), amendment(message), Missing::left);
    const Doc its = Doc().put("_id.conversation", message.conversation).put("_id.seq", message.seq);
    out_.remove(mentions_collection, its);
    if (!message.gone()) return;
    out_.remove(reactions_collection, its);
    out_.remove(edits_collection, Doc().put("_id.message", message.id));
  }

  void put_mention(const MentionRow& row) {
    const Doc name = mention_name(row.conversation, row.seq, row.user);
    out_.put(mentions_collection, named(name), named(name).put("sender", row.sender));
  }

  void put_reaction(const ReactionRow& row) {
    const Doc name =
        reaction_name(row.conversation, row.seq, row.reaction.user, row.reaction.emoji);
    if (row.on)
      out_.put(reactions_collection, named(name), named(name).put("at", row.reaction.at));
    else
      out_.remove(reactions_collection, named(name));
  }

  void put_record(const Record& row) {
    out_.put(records_collection, named(record_name(row.space, row.owner, row.key)),
             record_doc(row));
    if (is_of_user_cache(row))
      out_.put(user_cache_collection, named(row.owner), user_cache_doc(row));
  }

  void forget_record(const Record& row) {
    out_.remove(records_collection, named(record_name(row.space, row.owner, row.key)));
    if (is_of_user_cache(row)) out_.remove(user_cache_collection, named(row.owner));
  }

  const Writes& writes_;
  const MongoBefore& before_;
  const std::string& messages_;
  std::uint64_t batch_;
  std::uint64_t stamps_ = 0;
  std::map<ConversationId, People> people_;
  std::map<ConversationId, std::shared_ptr<const Message>> last_message_;
  Statements out_;
};

}  // namespace

Statements statements_of(const Writes& writes, const MongoBefore& before,
                         const std::string& messages, std::uint64_t batch) {
  return Writing(writes, before, messages, batch).all();
}

}  // namespace parley::store::mongo
