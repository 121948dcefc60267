// Answers from one snapshot.
#include "store/postgres/rows.h"
#include "store/postgres/schema.h"
#include "store/postgres/session.h"
#include "store/postgres/snapshot.h"
#include "store/postgres/text_index.h"
#include "store/since.h"

namespace parley::store::postgres {
namespace {

template <class T, class Read>
std::vector<T> collect(const Table& table, Read read) {
  std::vector<T> all;
  for (int i = 0; i < table.rows(); ++i) {
    Row row(table, i);
    all.push_back(read(row));
  }
  return all;
}

template <class T, class Read>
std::optional<T> first(const Table& table, Read read) {
  if (table.rows() == 0) return std::nullopt;
  Row row(table, 0);
  return read(row);
}

// Places that are read at once before conversations are gone through one by one.
constexpr std::size_t few_max = 5'000;

Membership read_membership(Row& row) {
  Conversation conversation = read_conversation(row);
  return {std::move(conversation), read_member(row)};
}

std::string positions_of(const Cursor& cursor) {
  Array lanes;
  for (const std::uint64_t at : cursor.lanes) lanes.add(at);
  return lanes.take();
}

std::string text_of_limit(std::size_t limit) { return std::to_string(limit); }

// Messages of one conversation are found by the index of tokens or, where the words are frequent, by going through the
// newest; PostgreSQL chooses.
class PostgresReader final : public Reader, private TextIndex {
 public:
  PostgresReader(std::string url, const std::string& replica_url, std::uint32_t store_number)
      : snapshot_(std::move(url), replica_url, store_number), store_number_(store_number) {}
  [[nodiscard]] Snapshot& snapshot() { return snapshot_; }
  [[nodiscard]] bool replica_lost() const override { return snapshot_.replica_lost(); }

  Result<std::optional<Conversation>> conversation(const ConversationId& id) override {
    TRY(table, ask({"SELECT " PARLEY_PG_CONVERSATION("") " FROM conversations WHERE id = $1::uuid",
                    {text_of(id)}}));
    return first<Conversation>(table, read_conversation);
  }

  Result<std::optional<Member>> member(const ConversationId& id, const UserId& user) override {
    TRY(table, ask({"SELECT " PARLEY_PG_MEMBER(
                        "") " FROM members WHERE conversation_id = $1::uuid AND user_id = $2",
                    {text_of(id), user.text}}));
    return first<Member>(table, read_member);
  }

  Result<std::vector<Member>> members(const ConversationId& id, const UserId& after,
                                      std::size_t limit) override {
    TRY(table, ask({"SELECT " PARLEY_PG_MEMBER(
                        "") " FROM members WHERE conversation_id = $1::uuid AND user_id > $2 "
                            "AND left_seq = 0 ORDER BY user_id LIMIT $3::int8",
                    {text_of(id), after.text, text_of_limit(limit)}}));
    return collect<Member>(table, read_member);
  }

  Result<std::vector<Member>> members_from(const ConversationId& id, Role least,
                                           std::size_t limit) override {
    TRY(table, ask({"SELECT " PARLEY_PG_MEMBER(
                        "") " FROM members WHERE conversation_id = $1::uuid AND role >= $2::int2 "
                            "AND left_seq = 0 ORDER BY joined_seq, user_id LIMIT $3::int8",
                    {text_of(id), text_of(least), text_of_limit(limit)}}));
    return collect<Member>(table, read_member);
  }

  Result<std::uint64_t> living_conversations() override {
    TRY(table, ask({"SELECT count(*) FROM conversations WHERE deleted_seq = 0", {}}));
    return first<std::uint64_t>(table, [](Row& row) { return row.count(); }).value_or(0);
  }

  Result<std::vector<Membership>> memberships(const UserId& user) override {
    TRY(table, ask({"SELECT " PARLEY_PG_CONVERSATION("c.") "," PARLEY_PG_MEMBER(
                        "m.") " FROM members m JOIN conversations c ON c.id = m.conversation_id "
                              "WHERE m.user_id = $1",
                    {user.text}}));
    return collect<Membership>(table, read_membership);
  }
  Result<std::vector<ConversationId>> conversations_of(const UserId& user) override {
    TRY(table, ask({"SELECT conversation_id FROM members WHERE user_id = $1 AND left_seq = 0",
                    {user.text}}));
    return collect<ConversationId>(table, [](Row& row) { return row.id<ConversationId>(); });
  }
  // Which rows count is seen here: with more conditions the planner goes another, longer way.
  Result<std::vector<UserId>> partners(const UserId& user) override {
    TRY(table, ask({"SELECT m.left_seq, c.type, c.direct_low, c.direct_high FROM members m JOIN "
                    "conversations c ON c.id = m.conversation_id WHERE m.user_id = $1",
                    {user.text}}));
    std::vector<UserId> partners;
    for (int i = 0; i < table.rows(); ++i) {
      Row row(table, i);
      const bool present = row.count() == 0;
      const bool direct = row.enumerated<ConversationType>() == ConversationType::direct;
      UserId low = row.user();
      UserId high = row.user();
      if (present && direct) partners.push_back(low == user ? std::move(high) : std::move(low));
    }
    return partners;
  }
  Result<std::vector<Membership>> memberships_with_news(const UserId& user, const Cursor& since,
                                                        Unread unread) override {
    TRY(table, ask({"SELECT " PARLEY_PG_CONVERSATION("c.") "," PARLEY_PG_MEMBER(
                        "m.") " FROM members m JOIN conversations c ON c.id = m.conversation_id "
                              "WHERE m.user_id = $1 AND (greatest(c.last_at, c.pointers_at) > "
                              "($2::int8[])[1 + get_byte(uuid_send(c.id), 12) % 16] "
                              "OR ($3::bool AND c.message_count <> m.unread_base))",
                    {user.text, positions_of(since), unread == Unread::too ? "t" : "f"}}));
    return collect<Membership>(table, read_membership);
  }

  Result<std::optional<ConversationId>> direct(const UserId& low, const UserId& high) override {
    TRY(table, ask({"SELECT d.conversation_id FROM directs d JOIN conversations c "
                    "ON c.id = d.conversation_id "
                    "WHERE d.low = $1 AND d.high = $2 AND c.deleted_seq = 0",
                    {low.text, high.text}}));
    return first<ConversationId>(table, [](Row& row) { return row.id<ConversationId>(); });
  }

  Result<bool> blocks(const UserId& blocker, const UserId& blocked) override {
    TRY(table, ask({"SELECT 1 FROM blocks WHERE blocker = $1 AND blocked = $2",
                    {blocker.text, blocked.text}}));
    return table.rows() == 1;
  }
  Result<std::vector<Block>> blocks_of(const UserId& blocker, const UserId& after,
                                       std::size_t limit) override {
    TRY(table, ask({"SELECT blocked, since FROM blocks WHERE blocker = $1 AND blocked > $2 "
                    "ORDER BY blocked LIMIT $3::int8",
                    {blocker.text, after.text, text_of_limit(limit)}}));
    return collect<Block>(table, [](Row& row) {
      Block block;
      block.blocked = row.user();
      block.since = row.time();
      return block;
    });
  }
  Result<std::optional<OnceRecord>> once(const UserId& who, const std::string& key) override {
    TRY(table,
        ask({"SELECT fingerprint, conversation_id, seq FROM once WHERE user_id = $1 AND key = $2",
             {who.text, key}}));
    return first<OnceRecord>(table, [](Row& row) {
      OnceRecord record;
      record.fingerprint = row.count();
      record.conversation = row.id<ConversationId>();
      record.seq = row.seq();
      return record;
    });
  }
  Result<bool> once_before(Time before) override {
    TRY(table,
        ask({"SELECT 1 FROM once WHERE keep = 1 AND at < $1::int8 LIMIT 1", {text_of(before)}}));
    return table.rows() != 0;
  }

  Result<std::optional<Message>> message(const MessageId& id) override {
    TRY(table, ask({"SELECT " PARLEY_PG_LOG("") " FROM log WHERE id = $1::uuid AND kind = 1",
                    {text_of(id)}}));
    return first<Message>(table, read_message);
  }

  Result<std::vector<Message>> messages(const ConversationId& id,
                                        const MessageRange& range) override {
    bool older = range.towards == MessageRange::Towards::older;
    Seq from = older && range.from.value == 0 ? Seq{INT64_MAX} : range.from;
    const char* sql = older ? "SELECT " PARLEY_PG_LOG("")
                              " FROM log WHERE conversation_id = $1::uuid AND seq < $2::int8 "
                              "AND kind = 1 ORDER BY seq DESC LIMIT $3::int8"
                            : "SELECT " PARLEY_PG_LOG("")
                              " FROM log WHERE conversation_id = $1::uuid AND seq > $2::int8 "
                              "AND kind = 1 ORDER BY seq LIMIT $3::int8";
    TRY(table, ask({sql, {text_of(id), text_of(from), text_of_limit(range.limit)}}));
    return collect<Message>(table, read_message);
  }

  Result<std::vector<Message>> messages_at(
      const std::vector<std::pair<ConversationId, Seq>>& places) override {
    Array conversations, seqs;
    for (const auto& [id, seq] : places) {
      conversations.add(id);
      seqs.add(seq);
    }
    TRY(table,
        ask({"SELECT " PARLEY_PG_LOG("l.") " "
                                           "FROM unnest($1::uuid[], $2::int8[]) WITH ORDINALITY AS "
                                           "p(conversation_id, seq, "
                                           "place) "
                                           "JOIN log l ON l.conversation_id = p.conversation_id "
                                           "AND l.seq = p.seq WHERE l.kind = "
                                           "1 ORDER BY p.place",
             {conversations.take(), seqs.take()}}));
    return collect<Message>(table, read_message);
  }

  Result<std::vector<Message>> replies(const Message& parent, Seq after,
                                       std::size_t limit) override {
    TRY(table,
        ask({"SELECT " PARLEY_PG_LOG(
                 "") " FROM log WHERE conversation_id = $1::uuid AND parent = $2::uuid AND "
                     "deleted_at = 0 AND recalled_at = 0 AND seq > $3::int8 ORDER BY seq LIMIT "
                     "$4::int8",
             {text_of(parent.conversation), text_of(parent.id), text_of(after),
              text_of_limit(limit)}}));
    return collect<Message>(table, read_message);
  }
  Result<std::vector<std::pair<MessageId, std::uint64_t>>> reply_counts(
      const ConversationId& id, const std::vector<MessageId>& parents) override {
    Array ids;
    for (const MessageId& parent : parents) ids.add(parent);
    TRY(table,
        ask({"SELECT parent, count(*) FROM log WHERE conversation_id = $1::uuid AND parent = "
             "ANY($2::uuid[]) AND deleted_at = 0 AND recalled_at = 0 GROUP BY parent",
             {text_of(id), ids.take()}}));
    return collect<std::pair<MessageId, std::uint64_t>>(table, [](Row& row) {
      std::pair<MessageId, std::uint64_t> one;
      one.first = row.id<MessageId>();
      one.second = row.count();
      return one;
    });
  }
  Result<std::vector<std::pair<Seq, Reaction>>> reactions(const ConversationId& id, Seq from,
                                                          Seq upto) override {
    TRY(table,
        ask({"SELECT seq, user_id, emoji, at FROM reactions WHERE conversation_id = $1::uuid "
             "AND seq >= $2::int8 AND seq <= $3::int8 ORDER BY seq, at, user_id, emoji",
             {text_of(id), text_of(from), text_of(upto)}}));
    return collect<std::pair<Seq, Reaction>>(table, [](Row& row) {
      std::pair<Seq, Reaction> one;
      one.first = row.seq();
      one.second.user = row.user();
      one.second.emoji = row.text();
      one.second.at = row.time();
      return one;
    });
  }
  Result<std::vector<Message>> pinned(const ConversationId& id, std::size_t limit) override {
    TRY(table,
        ask({"SELECT " PARLEY_PG_LOG(
                 "") " FROM log WHERE conversation_id = $1::uuid AND pinned_at <> 0 ORDER BY "
                     "pinned_at DESC, seq DESC LIMIT $2::int8",
             {text_of(id), text_of_limit(limit)}}));
    return collect<Message>(table, read_message);
  }
  Result<std::uint64_t> mention_count(const ConversationId& id, const UserId& user,
                                      Seq after) override {
    TRY(table, ask({"SELECT count(DISTINCT seq) FROM mentions WHERE conversation_id = $1::uuid AND "
                    "user_id IN ($2, '') AND seq > $3::int8 AND sender <> $2",
                    {text_of(id), user.text, text_of(after)}}));
    return Row(table, 0).count();
  }
  // A reader's stretches don't overlap, so the first that ends behind the range is the last that may begin in it.
  Result<std::vector<Reading>> readings(const ConversationId& id, Seq from, Seq upto) override {
    TRY(table,
        ask({"SELECT r.user_id, r.from_seq, r.upto, r.at FROM members m JOIN readings r ON "
             "r.conversation_id = m.conversation_id AND r.user_id = m.user_id AND r.upto >= "
             "$2::int8 AND r.upto <= coalesce((SELECT min(upto) FROM readings WHERE "
             "conversation_id = $1::uuid AND user_id = m.user_id AND upto >= $3::int8), $3::int8) "
             "WHERE m.conversation_id = $1::uuid AND m.own_receipts AND r.from_seq <= $3::int8 "
             "ORDER BY r.at, "
             "r.user_id, r.upto",
             {text_of(id), text_of(from), text_of(upto)}}));
    return collect<Reading>(table, [](Row& row) {
      Reading reading;
      reading.user = row.user();
      reading.span.from = row.seq();
      reading.span.upto = row.seq();
      reading.at = row.time();
      return reading;
    });
  }
  Result<std::optional<Record>> record(const std::string& space, const std::string& owner,
                                       const std::string& key) override {
    TRY(table, ask({"SELECT space, owner, key, version, at, body FROM records WHERE space = $1 AND "
                    "owner = $2 AND key = $3",
                    {space, owner, key}}));
    return first<Record>(table, read_record);
  }
  Result<std::vector<Record>> records(const std::string& space, const std::string& owner,
                                      const RecordRange& range) override {
    const char* sql =
        range.newest_first
            ? "SELECT space, owner, key, version, at, body FROM records WHERE space = $1 AND owner "
              "= $2 AND ($3 = '' OR key < $3) ORDER BY key DESC LIMIT $4::int8"
            : "SELECT space, owner, key, version, at, body FROM records WHERE space = $1 AND owner "
              "= $2 AND key > $3 ORDER BY key LIMIT $4::int8";
    TRY(table, ask({sql, {space, owner, range.after, text_of_limit(range.limit)}}));
    return collect<Record>(table, read_record);
  }

  Result<std::vector<EarlierText>> edits(const MessageId& id) override {
    TRY(table, ask({"SELECT text, until FROM edits WHERE message_id = $1::uuid ORDER BY number",
                    {text_of(id)}}));
    return collect<EarlierText>(table, [](Row& row) {
      EarlierText before;
      before.text = row.text();
      before.until = row.time();
      return before;
    });
  }

  Result<std::vector<EventRef>> log(const ConversationId& id, Seq from,
                                    std::size_t limit) override {
    TRY(table, ask({"SELECT " PARLEY_PG_LOG(
                        "") " FROM log WHERE conversation_id = $1::uuid AND seq >= $2::int8 "
                            "ORDER BY seq LIMIT $3::int8",
                    {text_of(id), text_of(from), text_of_limit(limit)}}));
    auto events =
        collect<std::shared_ptr<Event>>(table, [](Row& row) { return read_event(row, lanes); });
    TRY_DO(fill_in(events));
    return std::vector<EventRef>(events.begin(), events.end());
  }

  Result<std::vector<TrailStep>> trail(std::uint32_t lane, std::uint64_t after,
                                       std::size_t limit) override {
    const std::vector<std::string> range{text_of(std::int64_t{lane}), text_of(after),
                                         text_of_limit(limit)};
    TRY(events, ask({"SELECT " PARLEY_PG_LOG(
                         "") " FROM log WHERE get_byte(uuid_send(conversation_id), 12) % 16 = "
                             "$1::int4 AND position > $2::int8 ORDER BY position LIMIT $3::int8",
                     range}));
    auto happened =
        collect<std::shared_ptr<Event>>(events, [](Row& row) { return read_event(row, lanes); });
    TRY_DO(fill_in(happened));
    std::vector<TrailStep> steps;
    for (auto& event : happened)
      steps.push_back({event->position.at, event, event->conversation, {}});
    TRY(readings,
        ask({"SELECT position, conversation_id, user_id, from_seq, upto, at FROM readings WHERE "
             "get_byte(uuid_send(conversation_id), 12) % 16 = $1::int4 AND position > $2::int8 "
             "ORDER BY position LIMIT $3::int8",
             range}));
    for (int i = 0; i < readings.rows(); ++i) {
      Row row(readings, i);
      TrailStep step;
      step.at = row.count();
      step.conversation = row.id<ConversationId>();
      step.reading.user = row.user();
      step.reading.span.from = row.seq();
      step.reading.span.upto = row.seq();
      step.reading.at = row.time();
      steps.push_back(std::move(step));
    }
    cut_trail(steps, limit);
    return steps;
  }

  // seq is dense and grows with position: places at doubling distances from the end are looked at in one question; then
  // only what lies between two of them is read.
  Result<std::optional<Seq>> first_after(const ConversationId& id, std::uint64_t at) override {
    TRY(conversation, this->conversation(id));
    if (!conversation || conversation->last_at <= at) return std::nullopt;
    Array probes;
    for (std::uint64_t back = 1; back < conversation->last_seq.value; back *= 2)
      probes.add(Seq{conversation->last_seq.value - back});
    TRY(below, ask({"SELECT max(seq) FROM log WHERE conversation_id = $1::uuid AND seq = "
                    "ANY($2::int8[]) AND position <= $3::int8",
                    {text_of(id), probes.take(), text_of(at)}}));
    std::string_view upto = below.at(0, 0);
    TRY(table, ask({"SELECT seq FROM log WHERE conversation_id = $1::uuid AND seq > $2::int8 AND "
                    "position > $3::int8 "
                    "ORDER BY seq LIMIT 1",
                    {text_of(id), upto.empty() ? "0" : std::string(upto), text_of(at)}}));
    return first<Seq>(table, [](Row& row) { return row.seq(); });
  }

  Result<std::vector<Member>> pointers_after(const ConversationId& id, std::uint64_t at) override {
    TRY(table, ask({"SELECT " PARLEY_PG_MEMBER("") " FROM members WHERE conversation_id = $1::uuid "
                                                   "AND read_position > $2::int8 AND left_seq = 0",
                    {text_of(id), text_of(at)}}));
    return collect<Member>(table, read_member);
  }

  Result<MaybeHits> maybe_hits(const ConversationId& where, const Tokens& sought, Seq below,
                               std::size_t limit) override {
    return store::maybe_hits(*this, *this, where, sought, below, limit);
  }
  Result<std::optional<std::vector<Place>>> few_places(const std::vector<ConversationId>& among,
                                                       const Tokens& sought) override {
    return store::few_places(*this, *this, among, sought);
  }
  Result<std::uint64_t> not_indexed() override {
    TRY(table,
        ask({"SELECT coalesce(sum((SELECT count(*) FROM log WHERE "
             "get_byte(uuid_send(conversation_id), 12) % 16 = m.lane AND position > m.position)), "
             "0) FROM text_index_marks m",
             {}}));
    return Row(table, 0).count();
  }

  Result<Cursor> head() override {
    TRY(table, ask({"SELECT position FROM lanes ORDER BY lane", {}}));
    return Cursor{store_number_,
                  collect<std::uint64_t>(table, [](Row& row) { return row.count(); })};
  }

 private:
  Result<std::vector<std::uint64_t>> marks() override {
    TRY(table, ask({"SELECT position FROM text_index_marks ORDER BY lane", {}}));
    return collect<std::uint64_t>(table, [](Row& row) { return row.count(); });
  }
  Result<std::vector<Seq>> newest(const ConversationId& where, const Tokens& sought, Seq below,
                                  std::size_t limit) override {
    TRY(table,
        ask({"SELECT seq FROM text_index WHERE conversation_id = $1::uuid AND tokens @> "
             "$2::int4[] AND ($3::int8 = 0 OR seq < $3::int8) ORDER BY seq DESC LIMIT $4::int8",
             {text_of(where), numbers_of(sought), text_of(below), text_of_limit(limit)}}));
    return collect<Seq>(table, [](Row& row) { return row.seq(); });
  }
  Result<std::optional<std::vector<Place>>> few(const std::vector<ConversationId>& among,
                                                const Tokens& sought) override {
    Array ids;
    for (const ConversationId& one : among) ids.add(one);
    TRY(table, ask({"SELECT conversation_id, seq FROM text_index WHERE tokens @> $1::int4[] AND "
                    "conversation_id = ANY($2::uuid[]) LIMIT $3::int8",
                    {numbers_of(sought), ids.take(), text_of_limit(few_max)}}));
    if (table.rows() == static_cast<int>(few_max)) return std::nullopt;
    return collect<Place>(table, [](Row& row) {
      const auto where = row.id<ConversationId>();
      return Place{where, row.seq()};
    });
  }

  // The messages that events amend, as they stand now.
  Result<void> fill_in(const std::vector<std::shared_ptr<Event>>& events) {
    Array targets;
    for (const auto& event : events)
      if (amends_message(event->kind)) targets.add(event->target);
    if (targets.empty()) return {};
    TRY(table, ask({"SELECT " PARLEY_PG_LOG("") " FROM log WHERE id = ANY($1::uuid[]) AND kind = 1",
                    {targets.take()}}));
    std::unordered_map<MessageId, std::shared_ptr<const Message>> messages;
    for (int i = 0; i < table.rows(); ++i) {
      Row row(table, i);
      auto message = std::make_shared<Message>(read_message(row));
      messages.emplace(message->id, std::move(message));
    }
    for (const auto& event : events)
      if (auto amended = messages.find(event->target); amended != messages.end())
        event->message = amended->second;
    return {};
  }

  Result<Table> ask(const Query& query) { return snapshot_.ask(query); }

  Snapshot snapshot_;
  std::uint32_t store_number_;
};

class PostgresReadSession final : public ReadSession {
 public:
  PostgresReadSession(std::string url, const std::string& replica_url, std::uint32_t store_number)
      : reader_(std::move(url), replica_url, store_number) {}
  Result<Reader*> begin(Instant deadline, Source source) override {
    reader_.snapshot().begin(deadline, source);
    return &reader_;
  }
  void end() override { reader_.snapshot().end(); }

 private:
  PostgresReader reader_;
};

}  // namespace

std::unique_ptr<ReadSession> make_read_session(std::string url, const std::string& replica_url,
                                               std::uint32_t store_number) {
  return std::make_unique<PostgresReadSession>(std::move(url), replica_url, store_number);
}

}  // namespace parley::store::postgres
