#include "store/postgres/before.h"

#include <algorithm>
#include <set>

#include "store/postgres/rows.h"
#include "store/postgres/schema.h"

namespace parley::store::postgres {
namespace {

template <class Map, class Key>
auto found(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
  auto at = map.find(key);
  return at == map.end() ? std::nullopt : std::optional{at->second};
}

// What the changes of a batch name, as arrays for the questions below.
class Named {
 public:
  Array conversations, message_in, message, member_of, member, key_of, key, low, high;
  Array reaction_in, reaction_to, reaction_by, reaction;
  Array record_space, record_owner, record_key;

  explicit Named(std::span<const Submission* const> batch) {
    for (const Submission* one : batch) add(one->change);
  }
  [[nodiscard]] std::string lanes() const {
    Array all;
    for (std::uint32_t lane : lanes_) all.add(std::int64_t{lane});
    return all.take();
  }

 private:
  void add(const Change& change) {
    conversations.add(change.where);
    lanes_.insert(lane_of(change.where, postgres::lanes));
    if (change.once) {
      key_of.add(change.once->who);
      key.add(change.once->key);
    }
    if (change.block) {
      const auto& [one, other] = std::minmax(change.block->blocker, change.block->blocked);
      low.add(one);
      high.add(other);
      return;
    }
    for (const RecordSet& set : change.records) {
      record_space.add(set.space);
      record_owner.add(set.owner);
      record_key.add(set.key);
    }
    if (!change.records.empty() || change.forget_once) return;
    if (change.pace) {
      record_space.add(change.pace->space);
      record_owner.add(change.pace->owner);
      record_key.add(change.pace->key);
    }
    if (change.creates) {
      if (change.creates->type != ConversationType::direct) return;
      low.add(change.creates->direct_low);
      high.add(change.creates->direct_high);
      return;
    }
    for (const MemberSet& set : change.sets) add_member(change.where, set.user);
    for (const UserId& user : change.removes) add_member(change.where, user);
    if (change.amends) {
      message_in.add(change.where);
      message.add(change.amends->seq);
    }
    if (change.reacts) {
      message_in.add(change.where);
      message.add(change.reacts->seq);
      reaction_in.add(change.where);
      reaction_to.add(change.reacts->seq);
      reaction_by.add(change.actor);
      reaction.add(change.reacts->emoji);
    }
    if (change.own) add_member(change.where, change.actor);
    if (change.read) add_member(change.where, change.read->user);
  }
  void add_member(const ConversationId& where, const UserId& user) {
    member_of.add(where);
    member.add(user);
  }
  std::set<std::uint32_t> lanes_;
};

Heads heads_of(const Table& table) {
  Heads heads;
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    const auto lane = static_cast<std::uint32_t>(row.number());
    heads[lane] = row.count();
  }
  return heads;
}

}  // namespace

std::expected<Heads, Failure> PostgresBefore::begin(std::span<const Submission* const> batch) {
  Named named(batch);
  std::vector<Query> queries;
  std::vector<void (PostgresBefore::*)(const Table&)> keepers;
  auto ask_for = [&](void (PostgresBefore::*keep)(const Table&), Query query) {
    queries.push_back(std::move(query));
    keepers.push_back(keep);
  };
  queries.push_back({"BEGIN", {}});
  // In one order, whoever asks: transactions wait for each other, and never in a circle.
  queries.push_back(
      {"SELECT lane, position FROM lanes WHERE lane = ANY($1::int2[]) ORDER BY lane FOR UPDATE",
       {named.lanes()}});
  ask_for(&PostgresBefore::keep_conversations,
          {"SELECT " PARLEY_PG_CONVERSATION("") " FROM conversations WHERE id = ANY($1::uuid[])",
           {named.conversations.take()}});
  if (!named.member.empty())
    ask_for(&PostgresBefore::keep_members,
            {"SELECT conversation_id," PARLEY_PG_MEMBER(
                 "") " FROM members WHERE (conversation_id, user_id) IN "
                     "(SELECT * FROM unnest($1::uuid[], $2::text[]))",
             {named.member_of.take(), named.member.take()}});
  if (!named.message.empty())
    ask_for(
        &PostgresBefore::keep_messages,
        {"SELECT " PARLEY_PG_LOG("") " FROM log WHERE (conversation_id, seq) IN "
                                     "(SELECT * FROM unnest($1::uuid[], $2::int8[])) AND kind = 1",
         {named.message_in.take(), named.message.take()}});
  if (!named.reaction.empty())
    ask_for(&PostgresBefore::keep_reactions,
            {"SELECT conversation_id, seq, user_id, emoji FROM reactions WHERE (conversation_id, "
             "seq, user_id, emoji) IN (SELECT * FROM unnest($1::uuid[], $2::int8[], $3::text[], "
             "$4::text[]))",
             {named.reaction_in.take(), named.reaction_to.take(), named.reaction_by.take(),
              named.reaction.take()}});
  if (!named.record_key.empty())
    ask_for(
        &PostgresBefore::keep_records,
        {"SELECT space, owner, key, version, at, body FROM records WHERE (space, owner, key) IN "
         "(SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))",
         {named.record_space.take(), named.record_owner.take(), named.record_key.take()}});
  if (!named.key.empty())
    ask_for(
        &PostgresBefore::keep_once,
        {"SELECT user_id, key, fingerprint, conversation_id, seq FROM once WHERE (user_id, key) IN "
         "(SELECT * FROM unnest($1::text[], $2::text[]))",
         {named.key_of.take(), named.key.take()}});
  if (!named.low.empty())
    ask_for(&PostgresBefore::keep_directs,
            {"SELECT low, high, conversation_id FROM directs d JOIN conversations c "
             "ON c.id = d.conversation_id WHERE c.deleted_seq = 0 AND (low, high) IN "
             "(SELECT * FROM unnest($1::text[], $2::text[]))",
             {named.low.take(), named.high.take()}});
  auto tables = connection_.exchange(queries, deadline_);
  if (!tables) return std::unexpected(std::move(tables).error());
  for (std::size_t i = 0; i < keepers.size(); ++i) (this->*keepers[i])((*tables)[i + 2]);
  return heads_of((*tables)[1]);
}

void PostgresBefore::keep_conversations(const Table& table) {
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    Conversation conversation = read_conversation(row);
    conversations_.emplace(conversation.id, std::move(conversation));
  }
}

void PostgresBefore::keep_members(const Table& table) {
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    auto where = row.id<ConversationId>();
    Member member = read_member(row);
    members_.emplace(MemberKey{where, member.user}, std::move(member));
  }
}

void PostgresBefore::keep_messages(const Table& table) {
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    Message message = read_message(row);
    messages_.emplace(std::pair(message.conversation, message.seq), std::move(message));
  }
}

void PostgresBefore::keep_reactions(const Table& table) {
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    const auto where = row.id<ConversationId>();
    const Seq seq = row.seq();
    UserId user = row.user();
    reactions_.emplace(where, seq, std::move(user), row.text());
  }
}

void PostgresBefore::keep_records(const Table& table) {
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    Record record = read_record(row);
    std::tuple name(record.space, record.owner, record.key);
    records_.emplace(std::move(name), std::move(record));
  }
}

void PostgresBefore::keep_once(const Table& table) {
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    NameKey key{row.text(), {}};
    key.second = row.text();
    OnceRecord record;
    record.fingerprint = row.count();
    record.conversation = row.id<ConversationId>();
    record.seq = row.seq();
    once_.emplace(std::move(key), record);
  }
}

void PostgresBefore::keep_directs(const Table& table) {
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    NameKey pair{row.text(), {}};
    pair.second = row.text();
    directs_.emplace(std::move(pair), row.id<ConversationId>());
  }
}

Result<Table> PostgresBefore::ask(Query query) {
  auto table = connection_.ask(std::move(query), deadline_);
  if (table) return std::move(*table);
  failure_ = std::move(table).error();
  return fail(Code::unavailable, "the store can't do this right now");
}

// begin() has read every row that the batch names: what it did not find is not there. Only the conversation of a pair
// is found by another name.
Result<std::optional<Conversation>> PostgresBefore::conversation(const ConversationId& id) {
  const bool named_by_its_pair =
      std::ranges::any_of(directs_, [&](const auto& pair) { return pair.second == id; });
  if (!named_by_its_pair || conversations_.contains(id)) return found(conversations_, id);
  TRY(table, ask({"SELECT " PARLEY_PG_CONVERSATION("") " FROM conversations WHERE id = $1::uuid",
                  {text_of(id)}}));
  keep_conversations(table);
  return found(conversations_, id);
}
Result<std::optional<Member>> PostgresBefore::member(const ConversationId& id, const UserId& user) {
  return found(members_, MemberKey{id, user});
}
Result<std::optional<ConversationId>> PostgresBefore::direct(const UserId& low,
                                                             const UserId& high) {
  return found(directs_, NameKey{low.text, high.text});
}
Result<std::optional<OnceRecord>> PostgresBefore::once(const UserId& who, const std::string& key) {
  return found(once_, NameKey{who.text, key});
}

Result<std::optional<Message>> PostgresBefore::message(const ConversationId& id, Seq seq) {
  return found(messages_, std::pair(id, seq));
}

Result<bool> PostgresBefore::reaction(const ConversationId& id, Seq seq, const UserId& user,
                                      const std::string& emoji) {
  return reactions_.contains({id, seq, user, emoji});
}

Result<std::optional<Record>> PostgresBefore::record(const std::string& space,
                                                     const std::string& owner,
                                                     const std::string& key) {
  return found(records_, std::tuple(space, owner, key));
}

Result<std::uint64_t> PostgresBefore::others_messages(const ConversationId& id, const UserId& user,
                                                      Seq after, Seq upto) {
  TRY(table, ask({"SELECT count(*) FROM log WHERE conversation_id = $1::uuid AND seq > $2::int8 "
                  "AND seq <= $3::int8 "
                  "AND kind = 1 AND actor <> $4 AND deleted_at = 0 AND recalled_at = 0",
                  {text_of(id), text_of(after), text_of(upto), user.text}}));
  return Row(table, 0).count();
}

}  // namespace parley::store::postgres
