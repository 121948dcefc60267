#include "store/mongo/before.h"

#include "store/mongo/collections.h"

namespace parley::store::mongo {
namespace {

constexpr std::size_t names_at_once = 1'000;

// What the changes of a batch name.
struct Named {
  std::set<ConversationId> conversations;
  std::set<std::pair<ConversationId, UserId>> members;
  std::set<std::pair<UserId, std::string>> once;
  std::set<std::tuple<std::string, std::string, std::string>> records;

  void add(const Change& change) {
    if (change.once) once.emplace(change.once->who, change.once->key);
    for (const RecordSet& set : change.records) records.emplace(set.space, set.owner, set.key);
    if (change.block || !change.records.empty()) return;
    conversations.insert(change.where);
    if (change.creates) return;
    for (const MemberSet& set : change.sets) members.emplace(change.where, set.user);
    for (const UserId& user : change.removes) members.emplace(change.where, user);
    if (change.own) members.emplace(change.where, change.actor);
    if (change.read) members.emplace(change.where, change.read->user);
  }
};

// Those with these `_id`s.
template <class Names, class NameOf, class Take>
Result<void> each_named(Connection& connection, const char* collection, const Names& names,
                        NameOf name_of, Take take) {
  for (auto at = names.begin(); at != names.end();) {
    List some;
    for (; at != names.end() && some.size() < names_at_once; ++at) some.add(name_of(*at));
    TRY_DO(connection.each(collection, Doc().put("_id", Doc().put("$in", some)), {}, take));
  }
  return {};
}

}  // namespace

Result<void> MongoBefore::load(std::span<const Submission* const> batch) {
  Named named;
  for (const Submission* one : batch) named.add(one->change);
  TRY_DO(load_conversations(named.conversations));
  TRY_DO(load_members(named.members));
  TRY_DO(load_once(named.once));
  for (const Submission* one : batch)
    if (one->change.forget_once) TRY_DO(load_forgotten(*one->change.forget_once));
  return load_records(named.records);
}

Result<void> MongoBefore::load_conversations(const std::set<ConversationId>& ids) {
  for (const ConversationId& id : ids) conversations_.try_emplace(id);
  TRY_DO(each_named(
      connection_, conversations_collection, ids, [](const auto& id) { return id; },
      [&](Fields doc) {
        // What another program has put there is no conversation of ours.
        if (!doc.has("parley")) return;
        Conversation row = read_conversation(doc);
        participants_[row.id] = read_participants(doc);
        const ConversationId id = row.id;
        conversations_[id] = std::move(row);
      }));
  // It had been too large to keep them, and is no longer.
  for (const ConversationId& id : ids) {
    const auto& row = conversations_.at(id);
    if (!row || row->members_count > participants_kept_up_to || participants_[id]) continue;
    TRY(present, present_members(id));
    participants_[id] = std::move(present);
    restored_.insert(id);
  }
  return {};
}

Result<std::set<std::string>> MongoBefore::present_members(const ConversationId& id) {
  std::set<std::string> names;
  TRY_DO(connection_.each(members_collection, Doc().put("_id.conversation", id).put("left_seq", 0),
                          {}, [&](Fields doc) { names.insert(doc.in("_id").text("user")); }));
  return names;
}

Result<void> MongoBefore::load_members(const std::set<std::pair<ConversationId, UserId>>& names) {
  for (const auto& name : names) members_.try_emplace(name);
  return each_named(
      connection_, members_collection, names,
      [](const auto& name) { return member_name(name.first, name.second); },
      [&](Fields doc) {
        Member row = read_member(doc);
        const std::pair name(conversation_of_member(doc), row.user);
        members_[name] = std::move(row);
      });
}

Result<void> MongoBefore::load_once(const std::set<std::pair<UserId, std::string>>& names) {
  for (const auto& name : names) once_.try_emplace(name);
  return each_named(
      connection_, once_collection, names,
      [](const auto& name) { return once_name(name.first, name.second); },
      [&](Fields doc) {
        OnceRecord record;
        record.fingerprint = doc.count("fingerprint");
        record.conversation = doc.id<ConversationId>("conversation");
        record.seq = doc.seq("seq");
        Fields name = doc.in("_id");
        UserId who = name.user("user");
        once_[{std::move(who), name.text("key")}] = record;
      });
}

Result<void> MongoBefore::load_forgotten(const Change::ForgetOnce& which) {
  Doc oldest = Doc().put("sort", Doc().put("at", 1)).put("limit", which.limit);
  return connection_.each(once_collection, kept_for_a_day(which.before), std::move(oldest),
                          [&](Fields doc) {
                            Fields name = doc.in("_id");
                            UserId who = name.user("user");
                            forgotten_.emplace_back(std::move(who), name.text("key"));
                          });
}

Result<void> MongoBefore::load_records(
    const std::set<std::tuple<std::string, std::string, std::string>>& names) {
  for (const auto& name : names) records_.try_emplace(name);
  return each_named(
      connection_, records_collection, names,
      [](const auto& name) {
        return record_name(std::get<0>(name), std::get<1>(name), std::get<2>(name));
      },
      [&](Fields doc) {
        Record row = read_record(doc);
        const std::tuple name(row.space, row.owner, row.key);
        records_[name] = std::move(row);
      });
}

// load() has read what the batch names; only the conversation of a pair is found by another name.
Result<std::optional<Conversation>> MongoBefore::conversation(const ConversationId& id) {
  if (!conversations_.contains(id)) TRY_DO(load_conversations({id}));
  return conversations_.at(id);
}

Result<std::optional<Member>> MongoBefore::member(const ConversationId& id, const UserId& user) {
  const std::pair name(id, user);
  if (!members_.contains(name)) TRY_DO(load_members({name}));
  return members_.at(name);
}

Result<std::optional<ConversationId>> MongoBefore::direct(const UserId& low, const UserId& high) {
  std::optional<ConversationId> found;
  TRY_DO(connection_.each(conversations_collection, Doc().put("parley.pair", pair_name(low, high)),
                          Doc().put("projection", Doc().put("_id", 1)),
                          [&](Fields doc) { found = doc.id<ConversationId>("_id"); }));
  return found;
}

Result<std::optional<OnceRecord>> MongoBefore::once(const UserId& who, const std::string& key) {
  const std::pair name(who, key);
  if (!once_.contains(name)) TRY_DO(load_once({name}));
  return once_.at(name);
}

Result<std::optional<Message>> MongoBefore::message(const ConversationId& id, Seq seq) {
  std::optional<Message> found;
  TRY_DO(connection_.each(connection_.pool().messages(),
                          Doc().put("conversation_id", id).put("parley.seq", seq), {},
                          [&](Fields doc) { found = read_message(doc); }));
  return found;
}

Result<bool> MongoBefore::reaction(const ConversationId& id, Seq seq, const UserId& user,
                                   const std::string& emoji) {
  bool found = false;
  TRY_DO(connection_.each(reactions_collection,
                          Doc().put("_id", reaction_name(id, seq, user, emoji)), {},
                          [&](Fields) { found = true; }));
  return found;
}

Result<std::optional<Record>> MongoBefore::record(const std::string& space,
                                                  const std::string& owner,
                                                  const std::string& key) {
  const std::tuple name(space, owner, key);
  if (!records_.contains(name)) TRY_DO(load_records({name}));
  return records_.at(name);
}

Result<std::uint64_t> MongoBefore::others_messages(const ConversationId& id, const UserId& user,
                                                   Seq after, Seq upto) {
  return connection_.count(connection_.pool().messages(),
                           Doc()
                               .put("conversation_id", id)
                               .put("parley.seq", Doc().put("$gt", after).put("$lte", upto))
                               .put("sender_id", Doc().put("$ne", user))
                               .put("parley.gone", Doc().put("$ne", true)));
}

Participants MongoBefore::participants(const ConversationId& id) const {
  auto at = participants_.find(id);
  return at == participants_.end() ? std::nullopt : at->second;
}

}  // namespace parley::store::mongo
