#include "store/sqlite/text_indexer.h"

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "model/message_more.h"
#include "store/sqlite/text_index.h"

namespace parley::store::sqlite {
namespace {

constexpr std::size_t events_at_once = 4'096;
constexpr std::uint32_t layout = 1;
constexpr std::int64_t version = std::int64_t{layout} << 16U | tokens_version;

// Without a copy of the texts, the words of one that has changed could not be taken out. Small pages: those of lists that
// are a few pages long are read one entry after the other.
constexpr const char* tables = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE about (store INTEGER NOT NULL, position INTEGER NOT NULL, event BLOB NOT NULL) STRICT;
CREATE TABLE blocks (
  number INTEGER PRIMARY KEY,
  conversation_id BLOB NOT NULL,
  block INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX blocks_by_conversation ON blocks (conversation_id, block);
CREATE TABLE texts (position INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (tokens, content='', detail=none, columnsize=0, tokenize="ascii tokenchars '_'");
INSERT INTO words (words, rank) VALUES ('pgsz', 512);
INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);
)sql";

void remove_files(const std::string& path) {
  std::error_code ignored;  // what can't be removed can't be opened either, which is told
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(path + part, ignored);
}

Result<std::int64_t> version_in(Database& index) {
  auto rows = index.use("PRAGMA user_version");
  TRY_DO(rows.step());
  return rows.number();
}

Result<void> make_tables(Database& index, std::uint32_t store_number) {
  return index.execute(tables + ("INSERT INTO about VALUES (" + std::to_string(store_number)) +
                       ", 0, x''); PRAGMA user_version = " + std::to_string(version) + "; COMMIT;");
}

#define PARLEY_TEXT_COLUMNS \
  "position,id,kind,conversation_id,seq,target,text,deleted_at<>0 OR recalled_at<>0,more"

// An event as far as texts go: most of its row is not looked at.
struct TextRow {
  std::uint64_t position = 0;
  MessageId id;
  EventKind kind = EventKind::message_created;
  ConversationId conversation;
  Seq seq;
  MessageId target;
  std::string text;  // as it is to be kept
};

TextRow read_text_row(Rows& rows) {
  TextRow row;
  row.position = rows.count();
  row.id = rows.id<MessageId>();
  row.kind = rows.enumerated<EventKind>();
  row.conversation = rows.id<ConversationId>();
  row.seq = rows.seq();
  row.target = rows.id<MessageId>();
  row.text = rows.text();
  const bool gone = rows.number() != 0;
  Message message;
  if (const std::string more = rows.text(); !more.empty()) read_more(more, message);
  if (gone || message.sealed) row.text.clear();
  return row;
}

}  // namespace

// What becomes of one row of the index.
struct TextIndexer::Change {
  std::int64_t row = 0;
  std::uint64_t position = 0;
  std::string before, now;
};

Result<std::unique_ptr<TextIndexer>> TextIndexer::open(const std::string& data_path,
                                                       std::uint32_t store_number) {
  const std::string path = text_index_path(data_path);
  TRY(data, Database::open(data_path, Database::Mode::reading));
  if (auto index = Database::open(path, Database::Mode::following)) {
    std::unique_ptr<TextIndexer> there(new TextIndexer(std::move(data), std::move(*index)));
    auto fits = there->is_of(store_number);
    if (fits && *fits) return there;
    data = std::move(there->data_);
  }
  log::info("the text index is made anew", {{"file", path}});
  remove_files(path);
  TRY(index, Database::open(path, Database::Mode::following));
  TRY_DO(make_tables(*index, store_number));
  return std::unique_ptr<TextIndexer>(new TextIndexer(std::move(data), std::move(index)));
}

// The event at the mark is the one it was made from: the data may have been replaced by an older copy.
Result<bool> TextIndexer::is_of(std::uint32_t store_number) {
  TRY(version_there, version_in(*index_));
  if (version_there != version) return false;
  auto about = index_->use("SELECT store, position, event FROM about");
  TRY(there, about.step());
  if (!there || about.count() != store_number) return false;
  mark_ = about.count();
  const auto last = about.id<MessageId>();
  if (mark_ == 0) return true;
  auto rows = data_->use("SELECT 1 FROM log WHERE position = ? AND id = ?");
  return rows.bind(mark_).bind(last).step();
}

Result<bool> TextIndexer::step() {
  TRY_DO(data_->use("BEGIN DEFERRED").run());
  auto batch = gather();
  [[maybe_unused]] auto read = data_->use("COMMIT").run();
  if (!batch) return std::unexpected(std::move(batch).error());
  if (batch->upto == mark_) return false;
  TRY_DO(index_->use("BEGIN IMMEDIATE").run());
  auto written = write(*batch);
  if (written) written = index_->use("COMMIT").run();
  if (!written) {
    if (sqlite3_get_autocommit(index_->raw()) == 0) [[maybe_unused]]
      auto undone = index_->use("ROLLBACK").run();
    return std::unexpected(std::move(written).error());
  }
  mark_ = batch->upto;
  return batch->full;
}

Result<TextIndexer::Batch> TextIndexer::gather() {
  Batch batch;
  batch.upto = mark_;
  std::vector<MessageId> amended;
  std::size_t events = 0;
  {
    auto rows = data_->use("SELECT " PARLEY_TEXT_COLUMNS
                           " FROM log WHERE position > ? ORDER BY position LIMIT ?");
    rows.bind(mark_).bind(std::uint64_t{events_at_once});
    for (;; ++events) {
      TRY(there, rows.step());
      if (!there) break;
      TextRow row = read_text_row(rows);
      batch.upto = row.position;
      batch.last = row.id;
      if (row.kind == EventKind::message_created)
        batch.entries[row.position] = {row.conversation, row.seq, std::move(row.text)};
      else if (amends_message(row.kind))
        amended.push_back(row.target);
    }
  }
  batch.full = events == events_at_once;
  for (const MessageId& id : amended) {
    auto rows = data_->use("SELECT " PARLEY_TEXT_COLUMNS " FROM log WHERE id = ? AND kind = 1");
    rows.bind(id);
    TRY(there, rows.step());
    if (!there) continue;
    TextRow row = read_text_row(rows);
    batch.entries[row.position] = {row.conversation, row.seq, std::move(row.text)};
  }
  return batch;
}

Result<void> TextIndexer::write(const Batch& batch) {
  std::vector<Change> changes;
  for (const auto& [position, entry] : batch.entries) {
    TRY(one, change(position, entry));
    if (one) changes.push_back(std::move(*one));
  }
  // In the order of the rows all of them become one part of the index.
  std::ranges::sort(changes, {}, &Change::row);
  for (const Change& one : changes) TRY_DO(apply(one));
  auto rows = index_->use("UPDATE about SET position = ?, event = ?");
  return rows.bind(batch.upto).bind(batch.last).run();
}

Result<std::optional<TextIndexer::Change>> TextIndexer::change(std::uint64_t position,
                                                               const Entry& entry) {
  Change change;
  change.position = position;
  change.now = entry.text;
  if (position <= mark_) {
    auto rows = index_->use("SELECT text FROM texts WHERE position = ?");
    rows.bind(position);
    TRY(there, rows.step());
    if (there) change.before = rows.text();
  }
  if (change.before == change.now) return std::nullopt;
  TRY(number, block_number(entry.conversation, entry.seq));
  change.row = row_of(number, entry.seq);
  return change;
}

Result<void> TextIndexer::apply(const Change& change) {
  if (!change.before.empty()) {
    auto rows = index_->use("INSERT INTO words (words, rowid, tokens) VALUES ('delete', ?, ?)");
    const std::string line = token_line(change.before);
    TRY_DO(rows.bind(change.row).bind(std::string_view(line)).run());
  }
  if (change.now.empty()) {
    auto rows = index_->use("DELETE FROM texts WHERE position = ?");
    return rows.bind(change.position).run();
  }
  auto rows = index_->use("INSERT INTO words (rowid, tokens) VALUES (?, ?)");
  const std::string line = token_line(change.now);
  TRY_DO(rows.bind(change.row).bind(std::string_view(line)).run());
  auto texts = index_->use("REPLACE INTO texts (position, text) VALUES (?, ?)");
  return texts.bind(change.position).bind(std::string_view(change.now)).run();
}

Result<std::int64_t> TextIndexer::block_number(const ConversationId& where, Seq seq) {
  const std::uint64_t block = seq.value / places_in_block;
  {
    auto rows = index_->use("SELECT number FROM blocks WHERE conversation_id = ? AND block = ?");
    rows.bind(where).bind(block);
    TRY(there, rows.step());
    if (there) return rows.number();
  }
  auto rows = index_->use("INSERT INTO blocks (conversation_id, block) VALUES (?, ?)");
  TRY_DO(rows.bind(where).bind(block).run());
  return sqlite3_last_insert_rowid(index_->raw());
}

}  // namespace parley::store::sqlite
