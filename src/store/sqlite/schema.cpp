#include "store/sqlite/schema.h"

#include <array>

#include "base/log.h"
#include "base/random.h"

namespace parley::store::sqlite {
namespace {

// Add at the end; what has been released is never changed. Version n is reached by the n-th.
constexpr std::array migrations{
    R"sql(
CREATE TABLE lanes (lane INTEGER PRIMARY KEY, position INTEGER NOT NULL) STRICT;
INSERT INTO lanes VALUES (0, 0);

CREATE TABLE conversations (
  id BLOB PRIMARY KEY,
  type INTEGER NOT NULL,
  direct_low TEXT NOT NULL,
  direct_high TEXT NOT NULL,
  name TEXT NOT NULL,
  avatar_url TEXT NOT NULL,
  metadata TEXT NOT NULL,
  read_receipts INTEGER NOT NULL,
  who_can_add INTEGER NOT NULL,
  who_can_post INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  pointers_at INTEGER NOT NULL,
  message_count INTEGER NOT NULL,
  last_message_seq INTEGER NOT NULL,
  members_count INTEGER NOT NULL,
  deleted_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE directs (
  low TEXT NOT NULL,
  high TEXT NOT NULL,
  conversation_id BLOB NOT NULL,
  PRIMARY KEY (low, high)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
  conversation_id BLOB NOT NULL,
  user_id TEXT NOT NULL,
  role INTEGER NOT NULL,
  joined_at INTEGER NOT NULL,
  joined_seq INTEGER NOT NULL,
  first_joined_seq INTEGER NOT NULL,
  left_seq INTEGER NOT NULL,
  read_seq INTEGER NOT NULL,
  read_at INTEGER NOT NULL,
  read_position INTEGER NOT NULL,
  unread_base INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id, conversation_id);

-- Every event, in the order of commits; a message is its event's row.
CREATE TABLE log (
  position INTEGER PRIMARY KEY,
  conversation_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  subject TEXT NOT NULL,
  role INTEGER NOT NULL,
  details TEXT NOT NULL,
  message_type INTEGER NOT NULL,
  text TEXT NOT NULL,
  attachments TEXT NOT NULL,
  metadata TEXT NOT NULL,
  client_id TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_by_seq ON log (conversation_id, seq);
CREATE UNIQUE INDEX log_by_id ON log (id);

CREATE TABLE once (
  user_id TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint INTEGER NOT NULL,
  conversation_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  keep INTEGER NOT NULL,
  PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
-- What becomes of a message: its own row changes, and an event with that target says so.
ALTER TABLE log ADD COLUMN target BLOB NOT NULL DEFAULT x'';
ALTER TABLE log ADD COLUMN edited_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN recalled_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE edits (
  number INTEGER PRIMARY KEY,
  conversation_id BLOB NOT NULL,
  message_id BLOB NOT NULL,
  until INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX edits_by_message ON edits (message_id, number);
)sql",
    R"sql(
CREATE TABLE blocks (
  blocker TEXT NOT NULL,
  blocked TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (blocker, blocked)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
ALTER TABLE members ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN muted_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN notifications INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN own_receipts INTEGER NOT NULL DEFAULT 1;
)sql",
    R"sql(
-- more: what few messages have, as one column (model/message_more.h).
ALTER TABLE log ADD COLUMN parent BLOB NOT NULL DEFAULT x'';
ALTER TABLE log ADD COLUMN pinned_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN more TEXT NOT NULL DEFAULT '';
CREATE INDEX log_by_parent ON log (conversation_id, parent, seq)
  WHERE parent <> x'' AND deleted_at = 0 AND recalled_at = 0;
CREATE INDEX log_pinned ON log (conversation_id, pinned_at) WHERE pinned_at <> 0;
CREATE TABLE reactions (
  conversation_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  emoji TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, seq, user_id, emoji)
) STRICT, WITHOUT ROWID;
-- user_id '': all.
CREATE TABLE mentions (
  conversation_id BLOB NOT NULL,
  user_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  sender TEXT NOT NULL,
  PRIMARY KEY (conversation_id, user_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_message ON mentions (conversation_id, seq);
CREATE TABLE records (
  space TEXT NOT NULL,
  owner TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (space, owner, key)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
ALTER TABLE members ADD COLUMN hidden_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN low_spoke INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN high_spoke INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET
  low_spoke = EXISTS (SELECT 1 FROM log WHERE conversation_id = conversations.id AND kind = 1 AND actor = direct_low),
  high_spoke = EXISTS (SELECT 1 FROM log WHERE conversation_id = conversations.id AND kind = 1 AND actor = direct_high)
  WHERE direct_high <> '';
)sql",
    R"sql(
ALTER TABLE members ADD COLUMN delivered_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN delivered_at INTEGER NOT NULL DEFAULT 0;
)sql",
    R"sql(
-- Who read what when: a row for each stretch that was read at once. read_beyond: the stretches after read_seq.
ALTER TABLE members ADD COLUMN read_beyond TEXT NOT NULL DEFAULT '';
CREATE TABLE readings (
  conversation_id BLOB NOT NULL,
  user_id TEXT NOT NULL,
  upto INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, user_id, upto)
) STRICT, WITHOUT ROWID;
CREATE INDEX readings_by_position ON readings (position);
INSERT INTO readings (conversation_id, user_id, upto, from_seq, at, position)
  SELECT conversation_id, user_id, read_seq, first_joined_seq, read_at, read_position FROM members
  WHERE read_at <> 0 AND read_seq > first_joined_seq;
)sql",
    R"sql(
-- What few conversations set, as one column (model/settings_more.h). Keys that are kept for a day, by their age.
ALTER TABLE conversations ADD COLUMN more_settings TEXT NOT NULL DEFAULT '';
CREATE INDEX once_by_time ON once (at) WHERE keep = 1;
)sql",
    R"sql(
-- Who arrives asks where they are: answered from the index alone.
DROP INDEX members_by_user;
CREATE INDEX members_by_user ON members (user_id, conversation_id, left_seq);
)sql",
    R"sql(
-- Keys of messages that will be moved to `once` (recent_keys.h), in the order in which they came.
CREATE TABLE once_recent (
  number INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint INTEGER NOT NULL,
  conversation_id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
)sql",
};

Result<std::int64_t> one_number(Database& database, std::string_view sql) {
  auto rows = database.use(sql);
  TRY(there, rows.step());
  return there ? rows.number() : 0;
}

}  // namespace

int newest_version() { return static_cast<int>(migrations.size()); }

Result<int> version_of(Database& database) {
  TRY(has_table,
      one_number(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'"));
  if (has_table == 0) return 0;
  TRY(version, one_number(database, "SELECT max(version) FROM schema_version"));
  return static_cast<int>(version);
}

Result<void> migrate(Database& database) {
  TRY(version, version_of(database));
  if (version > newest_version())
    return fail(Code::unavailable, "the database has schema version " + std::to_string(version) +
                                       ", this program knows " + std::to_string(newest_version()) +
                                       ": start a newer parley");
  for (; version < newest_version(); ++version) {
    std::string step = "BEGIN IMMEDIATE;";
    if (version == 0) {
      SystemRandom random;
      step +=
          "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;"
          "CREATE TABLE store (number INTEGER NOT NULL) STRICT;"
          "INSERT INTO store VALUES (" +
          std::to_string(random.next() & 0xFFFFFFFF) + ");";
    }
    step += migrations[static_cast<std::size_t>(version)];
    step += "INSERT INTO schema_version VALUES (" + std::to_string(version + 1) +
            ", unixepoch()); COMMIT;";
    auto done = database.execute(step);
    if (!done) {
      [[maybe_unused]] auto undone = database.execute("ROLLBACK;");
      return done;
    }
    log::info("migrated the database", {{"to_version", version + 1}});
  }
  return {};
}

Result<std::uint32_t> store_number(Database& database) {
  TRY(number, one_number(database, "SELECT number FROM store"));
  return static_cast<std::uint32_t>(number);
}

}  // namespace parley::store::sqlite
