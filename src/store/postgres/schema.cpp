#include "store/postgres/schema.h"

#include <array>

#include "base/log.h"
#include "base/random.h"
#include "store/postgres/values.h"

namespace parley::store::postgres {
namespace {

// Any number of ours: only programs that migrate this schema take this lock.
constexpr const char* take_lock = "SELECT pg_advisory_xact_lock(7236101)";

// Add at the end; what has been released is never changed. Version n is reached by the n-th.
constexpr std::array migrations{
    R"sql(
CREATE TABLE store (number int8 NOT NULL);
CREATE TABLE lanes (lane int2 PRIMARY KEY, position int8 NOT NULL) WITH (fillfactor = 50);
INSERT INTO lanes SELECT n, 0 FROM generate_series(0, 15) AS n;

CREATE TABLE conversations (
  id uuid PRIMARY KEY,
  type int2 NOT NULL,
  direct_low text NOT NULL,
  direct_high text NOT NULL,
  name text NOT NULL,
  avatar_url text NOT NULL,
  metadata text NOT NULL,
  read_receipts bool NOT NULL,
  who_can_add int2 NOT NULL,
  who_can_post int2 NOT NULL,
  created_at int8 NOT NULL,
  updated_at int8 NOT NULL,
  version int8 NOT NULL,
  last_seq int8 NOT NULL,
  last_at int8 NOT NULL,
  pointers_at int8 NOT NULL,
  message_count int8 NOT NULL,
  last_message_seq int8 NOT NULL,
  members_count int4 NOT NULL,
  deleted_seq int8 NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE directs (
  low text COLLATE "C" NOT NULL,
  high text COLLATE "C" NOT NULL,
  conversation_id uuid NOT NULL,
  PRIMARY KEY (low, high)
);

CREATE TABLE members (
  conversation_id uuid NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  role int2 NOT NULL,
  joined_at int8 NOT NULL,
  joined_seq int8 NOT NULL,
  first_joined_seq int8 NOT NULL,
  left_seq int8 NOT NULL,
  read_seq int8 NOT NULL,
  read_at int8 NOT NULL,
  read_position int8 NOT NULL,
  unread_base int8 NOT NULL,
  PRIMARY KEY (conversation_id, user_id)
) WITH (fillfactor = 70);
CREATE INDEX members_by_user ON members (user_id, conversation_id);

-- Every event; a message is its event's row. Positions grow in the order of commits within a lane.
CREATE TABLE log (
  position int8 NOT NULL,
  conversation_id uuid NOT NULL,
  seq int8 NOT NULL,
  id uuid NOT NULL,
  kind int2 NOT NULL,
  actor text COLLATE "C" NOT NULL,
  at int8 NOT NULL,
  subject text COLLATE "C" NOT NULL,
  role int2 NOT NULL,
  details text NOT NULL,
  message_type int2 NOT NULL,
  text text NOT NULL,
  attachments text NOT NULL,
  metadata text NOT NULL,
  client_id text NOT NULL,
  PRIMARY KEY (conversation_id, seq)
);
CREATE UNIQUE INDEX log_by_id ON log (id);

CREATE TABLE once (
  user_id text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint int8 NOT NULL,
  conversation_id uuid NOT NULL,
  seq int8 NOT NULL,
  at int8 NOT NULL,
  keep int2 NOT NULL,
  PRIMARY KEY (user_id, key)
);
)sql",
    R"sql(
-- What becomes of a message: its own row changes, and an event with that target says so.
ALTER TABLE log ADD COLUMN target uuid,
  ADD COLUMN edited_at int8 NOT NULL DEFAULT 0,
  ADD COLUMN deleted_at int8 NOT NULL DEFAULT 0,
  ADD COLUMN recalled_at int8 NOT NULL DEFAULT 0;
CREATE TABLE edits (
  number bigserial PRIMARY KEY,
  conversation_id uuid NOT NULL,
  message_id uuid NOT NULL,
  until int8 NOT NULL,
  text text NOT NULL
);
CREATE INDEX edits_by_message ON edits (message_id, number);
)sql",
    R"sql(
CREATE TABLE blocks (
  blocker text COLLATE "C" NOT NULL,
  blocked text COLLATE "C" NOT NULL,
  since int8 NOT NULL,
  PRIMARY KEY (blocker, blocked)
);
)sql",
    R"sql(
ALTER TABLE members ADD COLUMN pinned bool NOT NULL DEFAULT false,
  ADD COLUMN archived bool NOT NULL DEFAULT false,
  ADD COLUMN muted_until int8 NOT NULL DEFAULT 0,
  ADD COLUMN notifications int2 NOT NULL DEFAULT 0,
  ADD COLUMN own_receipts bool NOT NULL DEFAULT true;
)sql",
    R"sql(
-- more: what few messages have, as one column (model/message_more.h).
ALTER TABLE log ADD COLUMN parent uuid,
  ADD COLUMN pinned_at int8 NOT NULL DEFAULT 0,
  ADD COLUMN more text NOT NULL DEFAULT '';
CREATE INDEX log_by_parent ON log (conversation_id, parent, seq)
  WHERE parent IS NOT NULL AND deleted_at = 0 AND recalled_at = 0;
CREATE INDEX log_pinned ON log (conversation_id, pinned_at) WHERE pinned_at <> 0;
CREATE TABLE reactions (
  conversation_id uuid NOT NULL,
  seq int8 NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  emoji text COLLATE "C" NOT NULL,
  at int8 NOT NULL,
  PRIMARY KEY (conversation_id, seq, user_id, emoji)
);
-- user_id '': all.
CREATE TABLE mentions (
  conversation_id uuid NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  seq int8 NOT NULL,
  sender text COLLATE "C" NOT NULL,
  PRIMARY KEY (conversation_id, user_id, seq)
);
CREATE INDEX mentions_by_message ON mentions (conversation_id, seq);
CREATE TABLE records (
  space text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  version int8 NOT NULL,
  at int8 NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (space, owner, key)
);
)sql",
    R"sql(
ALTER TABLE members ADD COLUMN hidden_seq int8 NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN low_spoke bool NOT NULL DEFAULT false,
  ADD COLUMN high_spoke bool NOT NULL DEFAULT false;
UPDATE conversations c SET
  low_spoke = EXISTS (SELECT 1 FROM log WHERE conversation_id = c.id AND kind = 1 AND actor = c.direct_low),
  high_spoke = EXISTS (SELECT 1 FROM log WHERE conversation_id = c.id AND kind = 1 AND actor = c.direct_high)
  WHERE direct_high <> '';
)sql",
    R"sql(
ALTER TABLE members ADD COLUMN delivered_seq int8 NOT NULL DEFAULT 0,
  ADD COLUMN delivered_at int8 NOT NULL DEFAULT 0;
)sql",
    R"sql(
-- Who read what when: a row for each stretch that was read at once. read_beyond: the stretches after read_seq.
ALTER TABLE members ADD COLUMN read_beyond text NOT NULL DEFAULT '';
CREATE TABLE readings (
  conversation_id uuid NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  upto int8 NOT NULL,
  from_seq int8 NOT NULL,
  at int8 NOT NULL,
  position int8 NOT NULL,
  PRIMARY KEY (conversation_id, user_id, upto)
);
INSERT INTO readings (conversation_id, user_id, upto, from_seq, at, position)
  SELECT conversation_id, user_id, read_seq, first_joined_seq, read_at, read_position FROM members
  WHERE read_at <> 0 AND read_seq > first_joined_seq;
-- By lane, which is the last byte of the id's twelve; in its UUID that is byte 12.
CREATE INDEX log_by_lane ON log ((get_byte(uuid_send(conversation_id), 12) % 16), position);
CREATE INDEX readings_by_lane ON readings ((get_byte(uuid_send(conversation_id), 12) % 16), position);
)sql",
    R"sql(
-- What few conversations set, as one column (model/settings_more.h). Keys that are kept for a day, by their age.
ALTER TABLE conversations ADD COLUMN more_settings text NOT NULL DEFAULT '';
CREATE INDEX once_by_time ON once (at) WHERE keep = 1;
)sql",
    R"sql(
-- Numbers of the tokens of each text (store/tokens.h), written behind the log up to a mark in each lane.
CREATE TABLE text_index (
  conversation_id uuid NOT NULL,
  seq int8 NOT NULL,
  tokens int4[] NOT NULL,
  PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX text_index_by_token ON text_index USING gin (tokens);
CREATE TABLE text_index_marks (lane int2 PRIMARY KEY, position int8 NOT NULL, tokens_version int4 NOT NULL DEFAULT 0);
INSERT INTO text_index_marks SELECT lane, 0 FROM lanes;
)sql",
    R"sql(
-- No key spans two conversations, so that engines which spread tables by conversation can carry this.
DROP INDEX log_by_id;
CREATE INDEX log_by_id ON log (id);
ALTER TABLE edits DROP CONSTRAINT edits_pkey, ADD PRIMARY KEY (conversation_id, message_id, number);
)sql",
};

}  // namespace

Error unavailable(const Failure& failure, std::string_view doing) {
  log::warn("store: postgres failed",
            {{"doing", doing}, {"sqlstate", failure.sqlstate}, {"why", failure.text}});
  return {Code::unavailable, "the store can't do this right now", std::chrono::seconds{1}};
}

int newest_version() { return static_cast<int>(migrations.size()); }

Result<int> version_of(Connection& connection, Instant deadline) {
  auto there = connection.ask({"SELECT to_regclass('schema_version') IS NOT NULL", {}}, deadline);
  if (!there) return fail(unavailable(there.error(), "reading the schema's version"));
  if (there->at(0, 0) != "t") return 0;
  auto version =
      connection.ask({"SELECT coalesce(max(version), 0) FROM schema_version", {}}, deadline);
  if (!version) return fail(unavailable(version.error(), "reading the schema's version"));
  return static_cast<int>(Row(*version, 0).number());
}

Result<void> migrate(Connection& connection, Instant deadline) {
  for (;;) {
    TRY(version, version_of(connection, deadline));
    if (version > newest_version())
      return fail(Code::conflict, "the database has schema version " + std::to_string(version) +
                                      ", this program knows " + std::to_string(newest_version()) +
                                      ": start a newer parley");
    if (version == newest_version()) return {};
    SystemRandom random;
    std::string next = std::to_string(version + 1);
    // Under the lock the version may turn out to have moved on: then inserting it again fails, and we look again.
    std::string step = std::string("BEGIN;") + take_lock +
                       ";CREATE TABLE IF NOT EXISTS schema_version "
                       "(version int4 PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());"
                       "INSERT INTO schema_version (version) VALUES (" +
                       next + ");" + migrations[static_cast<std::size_t>(version)];
    if (version == 0)
      step += "INSERT INTO store VALUES (" + std::to_string(random.next() & 0xFFFFFFFF) + ");";
    auto done = connection.execute(step + "COMMIT;", deadline);
    if (done) {
      log::info("migrated the database", {{"to_version", version + 1}});
      continue;
    }
    auto undone = connection.execute("ROLLBACK", deadline);
    bool somebody_else_did = done.error().sqlstate == "23505" && undone;
    if (!somebody_else_did) return fail(unavailable(done.error(), "migrating the database"));
  }
}

Result<std::uint32_t> store_number(Connection& connection, Instant deadline) {
  auto number = connection.ask({"SELECT number FROM store", {}}, deadline);
  if (!number || number->rows() != 1)
    return fail(number ? Error{Code::conflict,
                               "the database has no store number: it is not one of parley's",
                               {}}
                       : unavailable(number.error(), "reading the store's number"));
  return static_cast<std::uint32_t>(Row(*number, 0).number());
}

}  // namespace parley::store::postgres
