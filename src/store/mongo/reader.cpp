// The questions, each in one go between two batches.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "store/mongo/collections.h"
#include "store/mongo/rows.h"
#include "store/mongo/session.h"
#include "store/since.h"

namespace parley::store::mongo {
namespace {

constexpr std::size_t names_at_once = 1'000;

Doc sorted(const Doc& by, std::size_t limit) { return Doc().put("sort", by).put("limit", limit); }
Doc above(auto value) { return Doc().put("$gt", value); }
Doc between(Seq from, Seq upto) { return Doc().put("$gte", from).put("$lte", upto); }

class MongoReader final : public Reader {
 public:
  MongoReader(Connection& connection, std::uint32_t store_number)
      : connection_(connection), store_number_(store_number) {}

  Result<std::optional<Conversation>> conversation(const ConversationId& id) override {
    return one<Conversation>(conversations_collection,
                             Doc().put("_id", id).put("parley", Doc().put("$exists", true)),
                             read_conversation);
  }
  Result<std::optional<Member>> member(const ConversationId& id, const UserId& user) override {
    return one<Member>(members_collection, Doc().put("_id", member_name(id, user)), read_member);
  }

  Result<std::vector<Member>> members(const ConversationId& id, const UserId& after,
                                      std::size_t limit) override {
    return all<Member>(members_collection, present(id).put("_id.user", above(after)),
                       sorted(Doc().put("_id.user", 1), limit), read_member);
  }
  Result<std::vector<Member>> members_from(const ConversationId& id, Role least,
                                           std::size_t limit) override {
    return all<Member>(members_collection, present(id).put("role", Doc().put("$gte", least)),
                       sorted(Doc().put("joined_seq", 1).put("_id.user", 1), limit), read_member);
  }

  Result<std::vector<Membership>> memberships(const UserId& user) override {
    std::map<ConversationId, Member> mine;
    TRY_DO(connection_.each(members_collection, Doc().put("_id.user", user), {}, [&](Fields doc) {
      mine.emplace(conversation_of_member(doc), read_member(doc));
    }));
    std::vector<Membership> all;
    for (auto at = mine.begin(); at != mine.end();) {
      List some;
      for (; at != mine.end() && some.size() < names_at_once; ++at) some.add(at->first);
      TRY_DO(connection_.each(conversations_collection, Doc().put("_id", Doc().put("$in", some)),
                              {}, [&](Fields doc) {
                                Conversation row = read_conversation(doc);
                                Member& member = mine.at(row.id);
                                all.push_back({std::move(row), std::move(member)});
                              }));
    }
    return all;
  }

  Result<std::optional<ConversationId>> direct(const UserId& low, const UserId& high) override {
    return one<ConversationId>(conversations_collection,
                               Doc().put("parley.pair", pair_name(low, high)),
                               [](Fields doc) { return doc.id<ConversationId>("_id"); });
  }
  Result<bool> blocks(const UserId& blocker, const UserId& blocked) override {
    TRY(found, one<bool>(blocks_collection, Doc().put("_id", block_name(blocker, blocked)),
                         [](Fields) { return true; }));
    return found.has_value();
  }
  Result<std::vector<Block>> blocks_of(const UserId& blocker, const UserId& after,
                                       std::size_t limit) override {
    return all<Block>(
        blocks_collection, Doc().put("_id.blocker", blocker).put("_id.blocked", above(after)),
        sorted(Doc().put("_id.blocked", 1), limit),
        [](Fields doc) { return Block{doc.in("_id").user("blocked"), doc.time("since")}; });
  }
  Result<std::uint64_t> living_conversations() override {
    Doc living = Doc().put("parley", Doc().put("$exists", true));
    living.put("parley.deleted_seq", Doc().put("$exists", false));
    return connection_.count(conversations_collection, living);
  }
  Result<bool> once_before(Time before) override {
    TRY(found, one<bool>(once_collection, kept_for_a_day(before), [](Fields) { return true; }));
    return found.has_value();
  }
  Result<std::optional<OnceRecord>> once(const UserId& who, const std::string& key) override {
    return one<OnceRecord>(once_collection, Doc().put("_id", once_name(who, key)), [](Fields doc) {
      OnceRecord record;
      record.fingerprint = doc.count("fingerprint");
      record.conversation = doc.id<ConversationId>("conversation");
      record.seq = doc.seq("seq");
      return record;
    });
  }

  Result<std::optional<Message>> message(const MessageId& id) override {
    return one<Message>(said(), Doc().put("_id", id).put("parley.seq", Doc().put("$exists", true)),
                        read_message);
  }

  Result<std::vector<Message>> messages(const ConversationId& id,
                                        const MessageRange& range) override {
    const bool older = range.towards == MessageRange::Towards::older;
    Doc filter = of(id);
    if (!older || range.from.value == 0)
      filter.put("parley.seq", above(older ? Seq{} : range.from));
    else
      filter.put("parley.seq", Doc().put("$lt", range.from).put("$gt", 0));
    return all<Message>(said(), filter,
                        sorted(Doc().put("parley.seq", older ? -1 : 1), range.limit), read_message);
  }

  Result<std::vector<Message>> messages_at(
      const std::vector<std::pair<ConversationId, Seq>>& places) override {
    std::map<ConversationId, List> wanted;
    for (const auto& [id, seq] : places) wanted[id].add(seq);
    std::map<std::pair<ConversationId, Seq>, Message> found;
    for (const auto& [id, seqs] : wanted)
      TRY_DO(connection_.each(said(), of(id).put("parley.seq", Doc().put("$in", seqs)), {},
                              [&](Fields doc) {
                                Message message = read_message(doc);
                                const std::pair place(id, message.seq);
                                found.emplace(place, std::move(message));
                              }));
    std::vector<Message> all;
    for (const auto& place : places)
      if (auto at = found.find(place); at != found.end()) all.push_back(at->second);
    return all;
  }

  Result<std::vector<Message>> replies(const Message& parent, Seq after,
                                       std::size_t limit) override {
    if (parent.id.empty()) return std::vector<Message>{};
    return all<Message>(said(),
                        of(parent.conversation)
                            .put("parley.parent", parent.id)
                            .put("parley.seq", above(after))
                            .put("parley.gone", Doc().put("$ne", true)),
                        sorted(Doc().put("parley.seq", 1), limit), read_message);
  }
  Result<std::vector<std::pair<MessageId, std::uint64_t>>> reply_counts(
      const ConversationId& id, const std::vector<MessageId>& parents) override {
    List ids;
    for (const MessageId& parent : parents)
      if (!parent.empty()) ids.add(parent);
    std::map<MessageId, std::uint64_t> found;
    const Doc wanted = of(id)
                           .put("parley.parent", Doc().put("$in", ids))
                           .put("parley.gone", Doc().put("$ne", true));
    const Doc counted = Doc().put("_id", "$parley.parent").put("count", Doc().put("$sum", 1));
    if (ids.size() != 0)
      TRY_DO(connection_.aggregate(
          said(), List().add(Doc().put("$match", wanted)).add(Doc().put("$group", counted)),
          [&](Fields doc) { found[doc.id<MessageId>("_id")] = doc.count("count"); }));
    std::vector<std::pair<MessageId, std::uint64_t>> counts;
    for (const MessageId& parent : parents)
      if (auto at = found.find(parent); at != found.end()) counts.emplace_back(*at);
    return counts;
  }
  Result<std::vector<std::pair<Seq, Reaction>>> reactions(const ConversationId& id, Seq from,
                                                          Seq upto) override {
    using One = std::pair<Seq, Reaction>;
    TRY(found, all<One>(reactions_collection,
                        Doc().put("_id.conversation", id).put("_id.seq", between(from, upto)), {},
                        [](Fields doc) {
                          Fields name = doc.in("_id");
                          One one;
                          one.first = name.seq("seq");
                          one.second.user = name.user("user");
                          one.second.emoji = name.text("emoji");
                          one.second.at = doc.time("at");
                          return one;
                        }));
    std::ranges::sort(found, {}, [](const One& one) {
      return std::tuple(one.first, one.second.at, one.second.user, one.second.emoji);
    });
    return found;
  }
  Result<std::vector<Message>> pinned(const ConversationId& id, std::size_t limit) override {
    return all<Message>(said(), of(id).put("parley.pinned_at", above(0)),
                        sorted(Doc().put("parley.pinned_at", -1).put("parley.seq", -1), limit),
                        read_message);
  }
  Result<std::uint64_t> mention_count(const ConversationId& id, const UserId& user,
                                      Seq after) override {
    std::set<Seq> seqs;
    TRY_DO(connection_.each(mentions_collection,
                            Doc()
                                .put("_id.conversation", id)
                                .put("_id.user", Doc().put("$in", List().add(user).add("")))
                                .put("_id.seq", above(after))
                                .put("sender", Doc().put("$ne", user)),
                            {}, [&](Fields doc) { seqs.insert(doc.in("_id").seq("seq")); }));
    return seqs.size();
  }
  Result<std::vector<Reading>> readings(const ConversationId& id, Seq from, Seq upto) override {
    TRY(found, all<Reading>(readings_collection,
                            Doc()
                                .put("_id.conversation", id)
                                .put("_id.upto", Doc().put("$gte", from))
                                .put("from", Doc().put("$lte", upto)),
                            {}, read_reading));
    std::set<UserId> readers;
    for (const Reading& one : found) readers.insert(one.user);
    TRY(silent, silent_of(id, readers));
    std::erase_if(found, [&](const Reading& one) { return silent.contains(one.user); });
    std::ranges::sort(
        found, {}, [](const Reading& one) { return std::tuple(one.at, one.user, one.span.upto); });
    return found;
  }
  Result<std::optional<Record>> record(const std::string& space, const std::string& owner,
                                       const std::string& key) override {
    return one<Record>(records_collection, Doc().put("_id", record_name(space, owner, key)),
                       read_record);
  }
  Result<std::vector<Record>> records(const std::string& space, const std::string& owner,
                                      const RecordRange& range) override {
    Doc filter;
    filter.put("_id.space", space).put("_id.owner", owner);
    if (!range.after.empty())
      filter.put("_id.key", Doc().put(range.newest_first ? "$lt" : "$gt", range.after));
    return all<Record>(records_collection, filter,
                       sorted(Doc().put("_id.key", range.newest_first ? -1 : 1), range.limit),
                       read_record);
  }

  Result<std::vector<EarlierText>> edits(const MessageId& id) override {
    return all<EarlierText>(edits_collection, Doc().put("_id.message", id),
                            Doc().put("sort", Doc().put("_id.number", 1)), [](Fields doc) {
                              EarlierText before;
                              before.until = doc.time("until");
                              before.text = doc.text("text");
                              return before;
                            });
  }

  Result<std::vector<EventRef>> log(const ConversationId& id, Seq from,
                                    std::size_t limit) override {
    const Doc since = Doc().put("$gte", from);
    TRY(events, all<EventPtr>(events_collection, of(id).put("seq", since),
                              sorted(Doc().put("seq", 1), limit), read_event));
    TRY(messages, all<EventPtr>(said(), of(id).put("parley.seq", since),
                                sorted(Doc().put("parley.seq", 1), limit), read_message_event));
    return merged(std::move(events), std::move(messages), limit);
  }

  Result<std::vector<TrailStep>> trail(std::uint32_t /*lane*/, std::uint64_t after,
                                       std::size_t limit) override {
    TRY(events, all<EventPtr>(events_collection, Doc().put("position", above(after)),
                              sorted(Doc().put("position", 1), limit), read_event));
    TRY(messages,
        all<EventPtr>(said(), Doc().put("parley.position", above(after)),
                      sorted(Doc().put("parley.position", 1), limit), read_message_event));
    TRY(happened, merged(std::move(events), std::move(messages), limit));
    std::vector<TrailStep> steps;
    for (auto& event : happened)
      steps.push_back({event->position.at, event, event->conversation, {}});
    TRY_DO(connection_.each(readings_collection, Doc().put("position", above(after)),
                            sorted(Doc().put("position", 1), limit), [&](Fields doc) {
                              steps.push_back({doc.count("position"), nullptr,
                                               conversation_of_member(doc), read_reading(doc)});
                            }));
    cut_trail(steps, limit);
    return steps;
  }

  Result<std::optional<Seq>> first_after(const ConversationId& id, std::uint64_t at) override {
    std::optional<Seq> first;
    auto keep = [&](Seq seq) { first = first ? std::min(*first, seq) : seq; };
    TRY_DO(connection_.each(events_collection, of(id).put("position", above(at)),
                            sorted(Doc().put("position", 1), 1),
                            [&](Fields doc) { keep(doc.seq("seq")); }));
    TRY_DO(connection_.each(said(), of(id).put("parley.position", above(at)),
                            sorted(Doc().put("parley.position", 1), 1),
                            [&](Fields doc) { keep(doc.in("parley").seq("seq")); }));
    return first;
  }

  Result<std::vector<Member>> pointers_after(const ConversationId& id, std::uint64_t at) override {
    return all<Member>(members_collection, present(id).put("read_position", above(at)), {},
                       read_member);
  }

  Result<Cursor> head() override {
    TRY(position, one<std::uint64_t>(lanes_collection, Doc().put("_id", 0),
                                     [](Fields doc) { return doc.count("position"); }));
    return Cursor{store_number_, {position.value_or(0)}};
  }

 private:
  using EventPtr = std::shared_ptr<Event>;

  [[nodiscard]] const std::string& said() const { return connection_.pool().messages(); }
  static Doc of(const ConversationId& id) { return Doc().put("conversation_id", id); }
  static Doc present(const ConversationId& id) {
    return Doc().put("_id.conversation", id).put("left_seq", 0);
  }

  template <class T, class Read>
  Result<std::vector<T>> all(std::string_view collection, const Doc& filter, Doc options,
                             Read read) {
    std::vector<T> found;
    TRY_DO(connection_.each(collection, filter, std::move(options),
                            [&](Fields doc) { found.push_back(read(doc)); }));
    return found;
  }
  template <class T, class Read>
  Result<std::optional<T>> one(std::string_view collection, const Doc& filter, Read read) {
    std::optional<T> found;
    TRY_DO(connection_.each(collection, filter, Doc().put("limit", 1),
                            [&](Fields doc) { found = read(doc); }));
    return found;
  }

  // In the order of positions, which within a conversation is that of seq; and events about messages carry these as they
  // stand now.
  Result<std::vector<EventRef>> merged(std::vector<EventPtr> events, std::vector<EventPtr> messages,
                                       std::size_t limit) {
    std::vector<EventPtr> all;
    std::ranges::merge(
        events, messages, std::back_inserter(all), {},
        [](const EventPtr& event) { return event->position.at; },
        [](const EventPtr& event) { return event->position.at; });
    if (all.size() > limit) all.resize(limit);
    TRY_DO(fill_in(all));
    return std::vector<EventRef>(all.begin(), all.end());
  }

  Result<void> fill_in(const std::vector<EventPtr>& events) {
    std::map<MessageId, std::shared_ptr<const Message>> amended;
    for (const EventPtr& event : events)
      if (amends_message(event->kind)) amended.try_emplace(event->target);
    for (auto at = amended.begin(); at != amended.end();) {
      List some;
      for (; at != amended.end() && some.size() < names_at_once; ++at) some.add(at->first);
      TRY_DO(
          connection_.each(said(), Doc().put("_id", Doc().put("$in", some)), {}, [&](Fields doc) {
            Message message = read_message(doc);
            const MessageId id = message.id;
            amended[id] = std::make_shared<Message>(std::move(message));
          }));
    }
    for (const EventPtr& event : events)
      if (amends_message(event->kind)) event->message = amended.at(event->target);
    return {};
  }

  // Those of them who let nobody know what they read.
  Result<std::set<UserId>> silent_of(const ConversationId& id, const std::set<UserId>& readers) {
    std::set<UserId> silent;
    for (auto at = readers.begin(); at != readers.end();) {
      List some;
      for (; at != readers.end() && some.size() < names_at_once; ++at)
        some.add(member_name(id, *at));
      TRY_DO(connection_.each(members_collection,
                              Doc().put("_id", Doc().put("$in", some)).put("own_receipts", false),
                              {}, [&](Fields doc) { silent.insert(doc.in("_id").user("user")); }));
    }
    return silent;
  }

  Connection& connection_;
  std::uint32_t store_number_;
};

class MongoReadSession final : public ReadSession {
 public:
  MongoReadSession(Shared& shared, std::uint32_t store_number)
      : shared_(shared), connection_(shared.pool), reader_(connection_, store_number) {}

  // Between two batches. What was recorded and not carried out is carried out first: it is committed.
  Result<Reader*> begin(Instant deadline, Source /*source*/) override {
    for (;;) {
      TRY_DO(shared_.lease.hold(connection_));
      TRY_DO(shared_.journal.settle(connection_));
      if (!shared_.journal.turnstile().enter_reading(deadline))
        return fail(unavailable("commits are being carried out", "reading"));
      reading_ = true;
      if (shared_.journal.settled()) return &reader_;
      end();
    }
  }
  void end() override {
    if (std::exchange(reading_, false)) shared_.journal.turnstile().leave_reading();
  }

 private:
  Shared& shared_;
  Connection connection_;
  MongoReader reader_;
  bool reading_ = false;
};

}  // namespace

std::unique_ptr<ReadSession> make_read_session(Shared& shared, std::uint32_t store_number) {
  return std::make_unique<MongoReadSession>(shared, store_number);
}

}  // namespace parley::store::mongo
