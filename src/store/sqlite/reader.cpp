// Answers from one snapshot.
#include <algorithm>

#include "store/since.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/session.h"

namespace parley::store::sqlite {
namespace {

template <class T, class Read>
Result<std::vector<T>> collect(Rows& rows, Read read) {
  std::vector<T> all;
  for (;;) {
    TRY(there, rows.step());
    if (!there) return all;
    all.push_back(read(rows));
  }
}

Membership read_membership(Rows& row) {
  Conversation conversation = read_conversation(row);
  return {std::move(conversation), read_member(row)};
}

std::int64_t limit_of(std::size_t limit) { return static_cast<std::int64_t>(limit); }

class SqliteReader final : public Reader {
 public:
  SqliteReader(Database& database, SqliteTextIndex& index, std::uint32_t store_number)
      : database_(database), index_(index), store_number_(store_number) {}

  Result<std::optional<Conversation>> conversation(const ConversationId& id) override {
    return find_conversation(database_, id);
  }
  Result<std::optional<Member>> member(const ConversationId& id, const UserId& user) override {
    return find_member(database_, id, user);
  }

  Result<std::vector<Member>> members(const ConversationId& id, const UserId& after,
                                      std::size_t limit) override {
    auto rows = database_.use("SELECT " PARLEY_MEMBER_COLUMNS(
        "") " FROM members "
            "WHERE conversation_id = ? AND user_id > ? AND left_seq = 0 ORDER BY user_id LIMIT ?");
    rows.bind(id).bind(after).bind(limit_of(limit));
    return collect<Member>(rows, read_member);
  }

  Result<std::vector<Member>> members_from(const ConversationId& id, Role least,
                                           std::size_t limit) override {
    auto rows = database_.use("SELECT " PARLEY_MEMBER_COLUMNS(
        "") " FROM members "
            "WHERE conversation_id = ? AND role >= ? AND left_seq = 0 ORDER BY joined_seq, user_id "
            "LIMIT ?");
    rows.bind(id).bind(least).bind(limit_of(limit));
    return collect<Member>(rows, read_member);
  }

  Result<std::uint64_t> living_conversations() override {
    auto rows = database_.use("SELECT count(*) FROM conversations WHERE deleted_seq = 0");
    TRY_DO(rows.step());
    return rows.count();
  }

  Result<std::vector<Membership>> memberships(const UserId& user) override {
    auto rows = database_.use("SELECT " PARLEY_CONVERSATION_COLUMNS("c.") "," PARLEY_MEMBER_COLUMNS(
        "m.") " FROM members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = "
              "?");
    rows.bind(user);
    return collect<Membership>(rows, read_membership);
  }
  Result<std::vector<ConversationId>> conversations_of(const UserId& user) override {
    auto rows =
        database_.use("SELECT conversation_id FROM members WHERE user_id = ? AND left_seq = 0");
    rows.bind(user);
    return collect<ConversationId>(rows, [](Rows& row) { return row.id<ConversationId>(); });
  }
  Result<std::vector<UserId>> partners(const UserId& user) override {
    auto rows = database_.use(
        "SELECT CASE c.direct_low WHEN m.user_id THEN c.direct_high ELSE c.direct_low END FROM "
        "members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = ? AND "
        "m.left_seq = 0 AND c.type = ?");
    rows.bind(user).bind(ConversationType::direct);
    return collect<UserId>(rows, [](Rows& row) { return row.user(); });
  }
  Result<std::vector<Membership>> memberships_with_news(const UserId& user, const Cursor& since,
                                                        Unread unread) override {
    auto rows = database_.use("SELECT " PARLEY_CONVERSATION_COLUMNS("c.") "," PARLEY_MEMBER_COLUMNS(
        "m.") " FROM members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = "
              "? AND (max(c.last_at, c.pointers_at) > ? OR (? AND c.message_count <> "
              "m.unread_base))");
    rows.bind(user).bind(since.lanes.front());
    rows.bind(std::int64_t{unread == Unread::too});
    return collect<Membership>(rows, read_membership);
  }

  Result<std::optional<ConversationId>> direct(const UserId& low, const UserId& high) override {
    return find_direct(database_, low, high);
  }
  Result<bool> blocks(const UserId& blocker, const UserId& blocked) override {
    auto rows = database_.use("SELECT 1 FROM blocks WHERE blocker = ? AND blocked = ?");
    return rows.bind(blocker).bind(blocked).step();
  }
  Result<std::vector<Block>> blocks_of(const UserId& blocker, const UserId& after,
                                       std::size_t limit) override {
    auto rows = database_.use(
        "SELECT blocked, since FROM blocks WHERE blocker = ? AND blocked > ? ORDER BY blocked "
        "LIMIT ?");
    rows.bind(blocker).bind(after).bind(limit_of(limit));
    return collect<Block>(rows, [](Rows& row) {
      Block block;
      block.blocked = row.user();
      block.since = row.time();
      return block;
    });
  }
  Result<std::optional<OnceRecord>> once(const UserId& who, const std::string& key) override {
    TRY(record, find_once(database_, who, key));
    return record ? record : find_recent_once(database_, who, key);
  }
  Result<bool> once_before(Time before) override {
    auto rows = database_.use("SELECT 1 FROM once WHERE keep = 1 AND at < ? LIMIT 1");
    return rows.bind(before).step();
  }

  Result<std::optional<Message>> message(const MessageId& id) override {
    auto rows = database_.use("SELECT " PARLEY_LOG_COLUMNS " FROM log WHERE id = ? AND kind = 1");
    rows.bind(id);
    TRY(there, rows.step());
    return there ? std::optional{read_message(rows)} : std::nullopt;
  }

  Result<std::vector<Message>> messages(const ConversationId& id,
                                        const MessageRange& range) override {
    bool older = range.towards == MessageRange::Towards::older;
    auto rows =
        older ? database_.use(
                    "SELECT " PARLEY_LOG_COLUMNS
                    " FROM log "
                    "WHERE conversation_id = ? AND seq < ? AND kind = 1 ORDER BY seq DESC LIMIT ?")
              : database_.use(
                    "SELECT " PARLEY_LOG_COLUMNS
                    " FROM log "
                    "WHERE conversation_id = ? AND seq > ? AND kind = 1 ORDER BY seq LIMIT ?");
    Seq from = older && range.from.value == 0 ? Seq{INT64_MAX} : range.from;
    rows.bind(id).bind(from).bind(limit_of(range.limit));
    return collect<Message>(rows, read_message);
  }

  Result<std::vector<Message>> messages_at(
      const std::vector<std::pair<ConversationId, Seq>>& places) override {
    std::vector<Message> all;
    for (const auto& [id, seq] : places) {
      auto rows = database_.use("SELECT " PARLEY_LOG_COLUMNS
                                " FROM log WHERE conversation_id = ? AND seq = ? AND kind = 1");
      rows.bind(id).bind(seq);
      TRY(there, rows.step());
      if (there) all.push_back(read_message(rows));
    }
    return all;
  }

  Result<std::vector<Message>> replies(const Message& parent, Seq after,
                                       std::size_t limit) override {
    auto rows =
        database_.use("SELECT " PARLEY_LOG_COLUMNS
                      " FROM log WHERE conversation_id = ? AND parent = ? AND parent <> x'' "
                      "AND deleted_at = 0 AND recalled_at = 0 AND seq > ? ORDER BY seq "
                      "LIMIT ?");
    rows.bind(parent.conversation).bind(parent.id).bind(after).bind(limit_of(limit));
    return collect<Message>(rows, read_message);
  }
  Result<std::vector<std::pair<MessageId, std::uint64_t>>> reply_counts(
      const ConversationId& id, const std::vector<MessageId>& parents) override {
    std::vector<std::pair<MessageId, std::uint64_t>> counts;
    for (const MessageId& parent : parents) {
      auto rows = database_.use(
          "SELECT count(*) FROM log WHERE conversation_id = ? AND parent = ? AND parent <> x'' AND "
          "deleted_at = 0 AND recalled_at = 0");
      rows.bind(id).bind(parent);
      TRY_DO(rows.step());
      if (const std::uint64_t count = rows.count(); count != 0) counts.emplace_back(parent, count);
    }
    return counts;
  }
  Result<std::vector<std::pair<Seq, Reaction>>> reactions(const ConversationId& id, Seq from,
                                                          Seq upto) override {
    auto rows = database_.use(
        "SELECT seq, user_id, emoji, at FROM reactions WHERE conversation_id = ? AND seq >= ? AND "
        "seq <= ? ORDER BY seq, at, user_id, emoji");
    rows.bind(id).bind(from).bind(upto);
    return collect<std::pair<Seq, Reaction>>(rows, [](Rows& row) {
      std::pair<Seq, Reaction> one;
      one.first = row.seq();
      one.second.user = row.user();
      one.second.emoji = row.text();
      one.second.at = row.time();
      return one;
    });
  }
  Result<std::vector<Message>> pinned(const ConversationId& id, std::size_t limit) override {
    auto rows = database_.use("SELECT " PARLEY_LOG_COLUMNS
                              " FROM log WHERE conversation_id = ? AND pinned_at <> 0 ORDER BY "
                              "pinned_at DESC, seq DESC LIMIT ?");
    rows.bind(id).bind(limit_of(limit));
    return collect<Message>(rows, read_message);
  }
  Result<std::uint64_t> mention_count(const ConversationId& id, const UserId& user,
                                      Seq after) override {
    auto rows = database_.use(
        "SELECT count(*) FROM (SELECT seq FROM mentions WHERE conversation_id = ?1 AND user_id = "
        "?2 "
        "AND seq > ?3 AND sender <> ?2 UNION SELECT seq FROM mentions WHERE conversation_id = ?1 "
        "AND user_id = '' AND seq > ?3 AND sender <> ?2)");
    rows.bind(id).bind(user).bind(after);
    TRY_DO(rows.step());
    return rows.count();
  }
  // A reader's stretches don't overlap, so the first that ends behind the range is the last that may begin in it.
  Result<std::vector<Reading>> readings(const ConversationId& id, Seq from, Seq upto) override {
    auto rows = database_.use(
        "SELECT r.user_id, r.from_seq, r.upto, r.at FROM members m JOIN readings r ON "
        "r.conversation_id = m.conversation_id AND r.user_id = m.user_id AND r.upto >= ?2 AND "
        "r.upto <= coalesce((SELECT min(upto) FROM readings WHERE conversation_id = ?1 AND user_id "
        "= m.user_id AND upto >= ?3), ?3) WHERE m.conversation_id = ?1 AND m.own_receipts = 1 AND "
        "r.from_seq <= ?3 ORDER "
        "BY r.at, r.user_id, r.upto");
    rows.bind(id).bind(from).bind(upto);
    return collect<Reading>(rows, [](Rows& row) {
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
    return find_record(database_, space, owner, key);
  }
  Result<std::vector<Record>> records(const std::string& space, const std::string& owner,
                                      const RecordRange& range) override {
    auto rows =
        range.newest_first
            ? database_.use(
                  "SELECT space, owner, key, version, at, body FROM records WHERE space = ?1 AND "
                  "owner = ?2 AND (?3 = '' OR key < ?3) ORDER BY key DESC LIMIT ?4")
            : database_.use(
                  "SELECT space, owner, key, version, at, body FROM records WHERE space = ?1 AND "
                  "owner = ?2 AND key > ?3 ORDER BY key LIMIT ?4");
    rows.bind(std::string_view(space)).bind(std::string_view(owner));
    rows.bind(std::string_view(range.after)).bind(limit_of(range.limit));
    return collect<Record>(rows, read_record);
  }

  Result<std::vector<EarlierText>> edits(const MessageId& id) override {
    auto rows = database_.use("SELECT text, until FROM edits WHERE message_id = ? ORDER BY number");
    rows.bind(id);
    return collect<EarlierText>(rows, [](Rows& row) {
      EarlierText before;
      before.text = row.text();
      before.until = row.time();
      return before;
    });
  }

  Result<std::vector<EventRef>> log(const ConversationId& id, Seq from,
                                    std::size_t limit) override {
    auto rows =
        database_.use("SELECT " PARLEY_LOG_COLUMNS
                      " FROM log WHERE conversation_id = ? AND seq >= ? ORDER BY seq LIMIT ?");
    rows.bind(id).bind(from).bind(limit_of(limit));
    TRY(events, collect<std::shared_ptr<Event>>(rows, read_event));
    TRY_DO(fill_in(events));
    return std::vector<EventRef>(events.begin(), events.end());
  }

  Result<std::vector<TrailStep>> trail(std::uint32_t /*lane*/, std::uint64_t after,
                                       std::size_t limit) override {
    auto events = database_.use("SELECT " PARLEY_LOG_COLUMNS
                                " FROM log WHERE position > ? ORDER BY position LIMIT ?");
    events.bind(after).bind(limit_of(limit));
    TRY(happened, collect<std::shared_ptr<Event>>(events, read_event));
    TRY_DO(fill_in(happened));
    std::vector<TrailStep> steps;
    for (auto& event : happened)
      steps.push_back({event->position.at, event, event->conversation, {}});
    auto rows = database_.use(
        "SELECT position, conversation_id, user_id, from_seq, upto, at FROM readings WHERE "
        "position > ? ORDER BY position LIMIT ?");
    rows.bind(after).bind(limit_of(limit));
    TRY(readings, collect<TrailStep>(rows, [](Rows& row) {
          TrailStep step;
          step.at = row.count();
          step.conversation = row.id<ConversationId>();
          step.reading.user = row.user();
          step.reading.span.from = row.seq();
          step.reading.span.upto = row.seq();
          step.reading.at = row.time();
          return step;
        }));
    steps.insert(steps.end(), readings.begin(), readings.end());
    cut_trail(steps, limit);
    return steps;
  }

  // seq is dense and grows with position, so the place is found by doubling steps back from the end, then halving them.
  Result<std::optional<Seq>> first_after(const ConversationId& id, std::uint64_t at) override {
    TRY(conversation, find_conversation(database_, id));
    if (!conversation || conversation->last_at <= at) return std::nullopt;
    std::uint64_t after = conversation->last_seq.value;  // its position is above `at`
    std::uint64_t upto = 0;  // its position is not, or it is before the first
    for (std::uint64_t back = 1; back < conversation->last_seq.value; back *= 2) {
      std::uint64_t probe = conversation->last_seq.value - back;
      TRY(position, position_of(id, probe));
      if (position <= at) {
        upto = probe;
        break;
      }
      after = probe;
    }
    while (after - upto > 1) {
      std::uint64_t middle = upto + (after - upto) / 2;
      TRY(position, position_of(id, middle));
      (position <= at ? upto : after) = middle;
    }
    return Seq{after};
  }

  Result<std::vector<Member>> pointers_after(const ConversationId& id, std::uint64_t at) override {
    auto rows = database_.use("SELECT " PARLEY_MEMBER_COLUMNS(
        "") " FROM members "
            "WHERE conversation_id = ? AND read_position > ? AND left_seq = 0");
    rows.bind(id).bind(at);
    return collect<Member>(rows, read_member);
  }

  // An index that can't be read makes searches slow, not wrong.
  Result<MaybeHits> maybe_hits(const ConversationId& where, const Tokens& sought, Seq below,
                               std::size_t limit) override {
    auto hits = store::maybe_hits(*this, index_, where, sought, below, limit);
    return hits ? std::move(hits) : Reader::maybe_hits(where, sought, below, limit);
  }
  Result<std::optional<std::vector<Place>>> few_places(const std::vector<ConversationId>& among,
                                                       const Tokens& sought) override {
    auto places = store::few_places(*this, index_, among, sought);
    if (!places) return std::nullopt;
    return places;
  }
  Result<std::uint64_t> not_indexed() override {
    TRY(marks, index_.marks());
    auto rows = database_.use("SELECT count(*) FROM log WHERE position > ?");
    rows.bind(marks.front());
    TRY_DO(rows.step());
    return rows.count();
  }

  Result<Cursor> head() override {
    TRY(head, find_head(database_));
    return Cursor{store_number_, {head}};
  }

 private:
  // Events about a message carry it as it stands now.
  Result<void> fill_in(const std::vector<std::shared_ptr<Event>>& events) {
    for (const auto& event : events) {
      if (!amends_message(event->kind)) continue;
      TRY(amended, message(event->target));
      if (amended) event->message = std::make_shared<Message>(std::move(*amended));
    }
    return {};
  }
  Result<std::uint64_t> position_of(const ConversationId& id, std::uint64_t seq) {
    auto rows = database_.use("SELECT position FROM log WHERE conversation_id = ? AND seq = ?");
    rows.bind(id).bind(seq);
    TRY(there, rows.step());
    return there ? rows.count() : 0;
  }

  Database& database_;
  SqliteTextIndex& index_;
  std::uint32_t store_number_;
};

class SqliteReadSession final : public ReadSession {
 public:
  SqliteReadSession(std::unique_ptr<Database> database, std::unique_ptr<SqliteTextIndex> index,
                    std::uint32_t store_number)
      : database_(std::move(database)),
        index_(std::move(index)),
        reader_(*database_, *index_, store_number) {}
  Result<Reader*> begin(Instant /*deadline*/, Source /*source*/) override {
    TRY_DO(database_->use("BEGIN DEFERRED").run());
    return &reader_;
  }
  void end() override {
    index_->end();
    if (sqlite3_get_autocommit(database_->raw()) == 0) [[maybe_unused]]
      auto done = database_->use("COMMIT").run();
  }

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<SqliteTextIndex> index_;
  SqliteReader reader_;
};

}  // namespace

std::unique_ptr<ReadSession> make_read_session(std::unique_ptr<Database> database,
                                               std::unique_ptr<SqliteTextIndex> index,
                                               std::uint32_t store_number) {
  return std::make_unique<SqliteReadSession>(std::move(database), std::move(index), store_number);
}

}  // namespace parley::store::sqlite
