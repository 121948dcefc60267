#include "store/sqlite/database.h"

#include "base/assert.h"
#include "base/log.h"

namespace parley::store::sqlite {
namespace {

// What went wrong is for our log; the caller learns that the store can't do it now.
std::unexpected<Error> failed(sqlite3* database, std::string_view doing) {
  log::error("sqlite failed", {{"doing", doing},
                               {"why", sqlite3_errmsg(database)},
                               {"code", sqlite3_extended_errcode(database)}});
  return std::unexpected(
      Error{Code::unavailable, "the store can't do this right now", std::chrono::seconds{1}});
}

constexpr const char* common_settings =
    "PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA "
    "mmap_size=268435456;";
// FULL: a commit is synced before it returns. The log is checkpointed by the writer itself, between commits. Its cache is
// small: a commit that has split a page goes through all of it, which took 40 microseconds with 64 MiB.
constexpr const char* writer_settings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF; PRAGMA "
    "wal_autocheckpoint=4000; PRAGMA cache_size=-16384;";
constexpr const char* follower_settings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=1000;";

const char* settings_of(Database::Mode mode) {
  switch (mode) {
    case Database::Mode::writing:
      return writer_settings;
    case Database::Mode::following:
      return follower_settings;
    case Database::Mode::reading:
      break;
  }
  return "PRAGMA query_only=ON;";
}

}  // namespace

Rows::~Rows() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Rows& Rows::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Rows& Rows::bind(std::string_view text) {
  sqlite3_bind_text64(statement_, ++bound_, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Rows& Rows::bind_blob(std::string_view bytes) {
  sqlite3_bind_blob64(statement_, ++bound_, bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Rows::step() {
  column_ = 0;
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failed(database_, sqlite3_sql(statement_));
}

Result<void> Rows::run() {
  TRY_DO(step());
  return {};
}

std::string Rows::text() {
  int column = column_++;
  const void* bytes = sqlite3_column_blob(statement_, column);
  auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string{} : std::string(static_cast<const char*>(bytes), size);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode) {
  // It would count its memory under a lock that all threads share, at each allocation; nobody asks for the sum.
  [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* raw = nullptr;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
              (mode == Mode::reading ? 0 : SQLITE_OPEN_CREATE);
  int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  std::unique_ptr<Database> database(new Database(raw));
  if (code != SQLITE_OK)
    return fail(Code::unavailable,
                "the database " + path + " can't be opened: " + sqlite3_errstr(code));
  sqlite3_busy_timeout(raw, 5000);
  TRY_DO(database->execute(common_settings));
  TRY_DO(database->execute(settings_of(mode)));
  return database;
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Rows Database::use(std::string_view sql) {
  sqlite3_stmt*& statement = statements_[sql.data()];
  if (statement == nullptr) {
    int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                  SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK)
      log::error("sqlite can't prepare", {{"sql", sql}, {"why", sqlite3_errmsg(database_)}});
    PARLEY_ASSERT(code ==
                  SQLITE_OK);  // the statements are ours, and the schema was checked at the start
  }
  return {statement, database_};
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return failed(database_, sql);
  return {};
}

}  // namespace parley::store::sqlite
