// One batch, one transaction: the Plan decides, this writes.
#include <unordered_map>

#include "model/message_more.h"
#include "model/settings_more.h"
#include "store/plan.h"
#include "store/sqlite/recent_keys.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/session.h"

namespace parley::store::sqlite {
namespace {

// Rows as they were written last: nobody else writes them.
using Latest = std::unordered_map<ConversationId, Conversation>;
constexpr std::size_t latest_max = 2'048;

class SqliteBefore final : public Before {
 public:
  SqliteBefore(Database& database, const RecentKeys& recent_keys, const Latest& latest)
      : database_(database), recent_keys_(recent_keys), latest_(latest) {}
  Result<std::optional<Conversation>> conversation(const ConversationId& id) override {
    if (const auto here = latest_.find(id); here != latest_.end()) return here->second;
    return find_conversation(database_, id);
  }
  Result<std::optional<Member>> member(const ConversationId& id, const UserId& user) override {
    return find_member(database_, id, user);
  }
  Result<std::optional<ConversationId>> direct(const UserId& low, const UserId& high) override {
    return find_direct(database_, low, high);
  }
  Result<std::optional<OnceRecord>> once(const UserId& who, const std::string& key) override {
    if (auto recent = recent_keys_.find(who, key)) return recent;
    return find_once(database_, who, key);
  }
  Result<std::optional<Message>> message(const ConversationId& id, Seq seq) override {
    auto rows = database_.use("SELECT " PARLEY_LOG_COLUMNS
                              " FROM log WHERE conversation_id = ? AND seq = ? AND kind = ?");
    rows.bind(id).bind(seq).bind(EventKind::message_created);
    TRY(there, rows.step());
    return there ? std::optional{read_message(rows)} : std::nullopt;
  }
  Result<bool> reaction(const ConversationId& id, Seq seq, const UserId& user,
                        const std::string& emoji) override {
    auto rows = database_.use(
        "SELECT 1 FROM reactions WHERE conversation_id = ? AND seq = ? AND user_id = ? AND emoji = "
        "?");
    return rows.bind(id).bind(seq).bind(user).bind(std::string_view(emoji)).step();
  }
  Result<std::optional<Record>> record(const std::string& space, const std::string& owner,
                                       const std::string& key) override {
    return find_record(database_, space, owner, key);
  }
  Result<std::uint64_t> others_messages(const ConversationId& id, const UserId& user, Seq after,
                                        Seq upto) override {
    auto rows = database_.use(
        "SELECT count(*) FROM log WHERE conversation_id = ? AND seq > ? AND seq <= ? AND kind = ? "
        "AND actor <> ? AND deleted_at = 0 AND recalled_at = 0");
    rows.bind(id).bind(after).bind(upto).bind(EventKind::message_created).bind(user);
    TRY_DO(rows.step());
    return rows.count();
  }

 private:
  Database& database_;
  const RecentKeys& recent_keys_;
  const Latest& latest_;
};

class SqliteWriter final : public Writer {
 public:
  SqliteWriter(std::unique_ptr<Database> database, std::unique_ptr<RecentKeys> recent_keys)
      : database_(std::move(database)), recent_keys_(std::move(recent_keys)) {}

  Result<std::vector<Committed>> commit(std::span<const Submission* const> batch,
                                        Instant /*deadline*/) override {
    TRY_DO(database_->use("BEGIN IMMEDIATE").run());
    Writes writes;
    auto done = apply(batch, writes);
    if (done) {
      auto committed = database_->use("COMMIT").run();
      if (committed) {
        recent_keys_->committed();
        remember(std::move(writes));
        return done;
      }
      done = std::unexpected(std::move(committed).error());
    }
    // Nothing is kept of the batch; a failed COMMIT leaves the transaction open.
    if (sqlite3_get_autocommit(database_->raw()) == 0) [[maybe_unused]]
      auto undone = database_->use("ROLLBACK").run();
    recent_keys_->undone();
    return done;
  }

 private:
  Result<std::vector<Committed>> apply(std::span<const Submission* const> batch, Writes& writes) {
    SqliteBefore before(*database_, *recent_keys_, latest_);
    TRY(head, find_head(*database_));
    Plan plan(before, 1, {{0, head}});
    std::vector<Committed> results;
    results.reserve(batch.size());
    for (const Submission* one : batch) {
      TRY(result, plan.apply(one->change, one->origin));
      results.push_back(std::move(result));
    }
    writes = plan.take();
    TRY_DO(write(writes));
    return results;
  }

  void remember(Writes writes) {
    if (latest_.size() > latest_max) latest_.clear();
    for (std::vector<Conversation>* rows : {&writes.created, &writes.updated})
      for (Conversation& row : *rows) {
        const ConversationId id = row.id;
        latest_.insert_or_assign(id, std::move(row));
      }
  }

  Result<void> write(const Writes& writes) {
    if (writes.empty()) return {};
    for (const Conversation& row : writes.created) TRY_DO(put_conversation(row));
    for (const Conversation& row : writes.created)
      if (row.type == ConversationType::direct) TRY_DO(put_direct(row));
    for (const Conversation& row : writes.updated) TRY_DO(put_conversation(row));
    for (const EventRef& event : writes.log) TRY_DO(put_event(*event));
    for (const Retracted& one : writes.retracted) TRY_DO(retract(one));
    for (const MemberRow& row : writes.members) TRY_DO(put_member(row));
    for (const OwnSends& sends : writes.own_sends) TRY_DO(count_own(sends));
    for (const ReadingRow& row : writes.readings) TRY_DO(put_reading(row));
    for (const OnceRow& row : writes.once) TRY_DO(put_once(row));
    TRY_DO(recent_keys_->tidy());
    if (writes.forget_once) TRY_DO(forget_once(*writes.forget_once));
    for (const BlockRow& row : writes.blocks) TRY_DO(put_block(row));
    for (const EditRow& row : writes.edits) TRY_DO(put_edit(row));
    for (const Message& message : writes.amended) TRY_DO(amend(message));
    for (const MentionRow& row : writes.mentions) TRY_DO(put_mention(row));
    for (const ReactionRow& row : writes.reactions) TRY_DO(put_reaction(row));
    for (const Record& row : writes.records) TRY_DO(put_record(row));
    for (const Record& row : writes.no_records) TRY_DO(forget_record(row));
    auto rows = database_->use("UPDATE lanes SET position = ? WHERE lane = 0");
    return writes.heads.empty() ? Result<void>{} : rows.bind(writes.heads.at(0)).run();
  }

  Result<void> put_conversation(const Conversation& row) {
    auto rows = database_->use("REPLACE INTO conversations (" PARLEY_CONVERSATION_COLUMNS(
        "") ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    const std::string more = more_of(row.settings);
    bind_conversation(rows, row, more);
    return rows.run();
  }

  Result<void> put_direct(const Conversation& row) {
    auto rows = database_->use("REPLACE INTO directs (low, high, conversation_id) VALUES (?,?,?)");
    return rows.bind(row.direct_low).bind(row.direct_high).bind(row.id).run();
  }

  Result<void> put_event(const Event& event) {
    auto rows = database_->use("INSERT INTO log (" PARLEY_LOG_COLUMNS
                               ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    const std::string more =
        event.kind == EventKind::message_created ? more_of(*event.message) : "";
    bind_event(rows, event, more);
    return rows.run();
  }

  Result<void> put_member(const MemberRow& row) {
    auto rows = database_->use("REPLACE INTO members (conversation_id," PARLEY_MEMBER_COLUMNS(
        "") ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    const std::string read_beyond = row.member.read_beyond.text();
    bind_member(rows, row.conversation, row.member, read_beyond);
    return rows.run();
  }

  Result<void> retract(const Retracted& one) {
    auto rows = database_->use(
        "UPDATE members SET unread_base = unread_base + 1 WHERE conversation_id = ?1 AND left_seq "
        "= 0 AND read_seq < ?2 AND user_id <> ?3 AND (read_beyond = '' OR NOT EXISTS (SELECT 1 "
        "FROM readings r WHERE r.conversation_id = ?1 AND r.user_id = members.user_id AND r.upto "
        ">= ?2 AND r.from_seq <= ?2))");
    return rows.bind(one.conversation).bind(one.seq).bind(one.sender).run();
  }

  Result<void> put_reading(const ReadingRow& row) {
    auto rows = database_->use(
        "INSERT INTO readings (conversation_id, user_id, upto, from_seq, at, position) VALUES "
        "(?,?,?,?,?,?)");
    rows.bind(row.conversation).bind(row.reading.user);
    return rows.bind(row.reading.span.upto)
        .bind(row.reading.span.from)
        .bind(row.reading.at)
        .bind(row.at)
        .run();
  }

  Result<void> put_block(const BlockRow& row) {
    if (!row.set.on) {
      auto rows = database_->use("DELETE FROM blocks WHERE blocker = ? AND blocked = ?");
      return rows.bind(row.set.blocker).bind(row.set.blocked).run();
    }
    auto rows = database_->use(
        "INSERT INTO blocks (blocker, blocked, since) VALUES (?,?,?) ON CONFLICT DO NOTHING");
    return rows.bind(row.set.blocker).bind(row.set.blocked).bind(row.at).run();
  }

  Result<void> put_edit(const EditRow& row) {
    auto rows = database_->use(
        "INSERT INTO edits (conversation_id, message_id, until, text) VALUES (?,?,?,?)");
    rows.bind(row.conversation).bind(row.message).bind(row.before.until);
    return rows.bind(std::string_view(row.before.text)).run();
  }

  Result<void> amend(const Message& message) {
    auto rows = database_->use(
        "UPDATE log SET text = ?, attachments = ?, metadata = ?, edited_at = ?, deleted_at = ?, "
        "recalled_at = ?, pinned_at = ?, more = ? WHERE conversation_id = ? AND seq = ?");
    const std::string more = more_of(message);
    rows.bind(std::string_view(message.text))
        .bind(std::string_view(message.attachments))
        .bind(std::string_view(message.metadata));
    rows.bind(message.edited_at).bind(message.deleted_at).bind(message.recalled_at);
    rows.bind(message.pinned_at).bind(std::string_view(more));
    TRY_DO(rows.bind(message.conversation).bind(message.seq).run());
    auto unname = database_->use("DELETE FROM mentions WHERE conversation_id = ? AND seq = ?");
    TRY_DO(unname.bind(message.conversation).bind(message.seq).run());
    if (!message.gone()) return {};
    auto react_no_more =
        database_->use("DELETE FROM reactions WHERE conversation_id = ? AND seq = ?");
    TRY_DO(react_no_more.bind(message.conversation).bind(message.seq).run());
    auto forget = database_->use("DELETE FROM edits WHERE message_id = ?");
    return forget.bind(message.id).run();
  }

  Result<void> put_mention(const MentionRow& row) {
    auto rows = database_->use(
        "INSERT INTO mentions (conversation_id, user_id, seq, sender) VALUES (?,?,?,?) ON CONFLICT "
        "DO NOTHING");
    return rows.bind(row.conversation).bind(row.user).bind(row.seq).bind(row.sender).run();
  }

  Result<void> put_reaction(const ReactionRow& row) {
    if (!row.on) {
      auto rows = database_->use(
          "DELETE FROM reactions WHERE conversation_id = ? AND seq = ? AND user_id = ? AND emoji = "
          "?");
      rows.bind(row.conversation).bind(row.seq).bind(row.reaction.user);
      return rows.bind(std::string_view(row.reaction.emoji)).run();
    }
    auto rows = database_->use(
        "INSERT INTO reactions (conversation_id, seq, user_id, emoji, at) VALUES (?,?,?,?,?)");
    rows.bind(row.conversation).bind(row.seq).bind(row.reaction.user);
    return rows.bind(std::string_view(row.reaction.emoji)).bind(row.reaction.at).run();
  }

  Result<void> put_record(const Record& row) {
    auto rows = database_->use(
        "REPLACE INTO records (space, owner, key, version, at, body) VALUES (?,?,?,?,?,?)");
    rows.bind(std::string_view(row.space)).bind(std::string_view(row.owner));
    rows.bind(std::string_view(row.key)).bind(row.version).bind(row.at);
    return rows.bind(std::string_view(row.body)).run();
  }

  Result<void> forget_record(const Record& row) {
    auto rows = database_->use("DELETE FROM records WHERE space = ? AND owner = ? AND key = ?");
    rows.bind(std::string_view(row.space)).bind(std::string_view(row.owner));
    return rows.bind(std::string_view(row.key)).run();
  }

  Result<void> count_own(const OwnSends& sends) {
    auto rows = database_->use(
        "UPDATE members SET unread_base = unread_base + ? WHERE conversation_id = ? AND user_id = "
        "?");
    return rows.bind(sends.count).bind(sends.conversation).bind(sends.user).run();
  }

  Result<void> put_once(const OnceRow& row) {
    if (row.key.keep == OnceKey::Keep::with_the_message) return recent_keys_->put(row);
    auto rows = database_->use(
        "INSERT INTO once (user_id, key, fingerprint, conversation_id, seq, at, keep) VALUES "
        "(?,?,?,?,?,?,?)");
    rows.bind(row.key.who)
        .bind(std::string_view(row.key.key))
        .bind(row.record.fingerprint)
        .bind(row.record.conversation);
    return rows.bind(row.record.seq).bind(row.at).bind(row.key.keep).run();
  }

  Result<void> forget_once(const Change::ForgetOnce& which) {
    auto rows = database_->use(
        "DELETE FROM once WHERE (user_id, key) IN (SELECT user_id, key FROM once WHERE keep = 1 "
        "AND at < ? ORDER BY at LIMIT ?)");
    return rows.bind(which.before).bind(static_cast<std::int64_t>(which.limit)).run();
  }

  std::unique_ptr<Database> database_;
  std::unique_ptr<RecentKeys> recent_keys_;
  Latest latest_;
};

}  // namespace

std::unique_ptr<Writer> make_writer(std::unique_ptr<Database> database,
                                    std::unique_ptr<RecentKeys> recent_keys) {
  return std::make_unique<SqliteWriter>(std::move(database), std::move(recent_keys));
}

}  // namespace parley::store::sqlite
