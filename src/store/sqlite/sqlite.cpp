#include "store/sqlite/sqlite.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include "base/assert.h"
#include "store/pool/follower.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/session.h"
#include "store/sqlite/text_indexer.h"

namespace parley::store {
namespace {

using sqlite::Database;

// Held as long as the store is open: two processes on one file would each think they know its newest rows.
class FileLock {
 public:
  static Result<FileLock> take(const std::string& path) {
    int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
      return fail(Code::unavailable,
                  "the lock file " + path + " can't be opened: " + std::strerror(errno));
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return FileLock(file);
    ::close(file);
    return fail(Code::unavailable, "another process serves this data: it holds " + path);
  }
  FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_;
};

class SqliteBackend final : public Backend {
 public:
  SqliteBackend(std::string path, FileLock lock, std::unique_ptr<Database> writing,
                std::unique_ptr<sqlite::RecentKeys> recent_keys,
                std::unique_ptr<sqlite::TextIndexer> indexer, std::uint32_t number,
                std::chrono::milliseconds index_every)
      : path_(std::move(path)),
        lock_(std::move(lock)),
        writing_(std::move(writing)),
        recent_keys_(std::move(recent_keys)),
        number_(number),
        indexer_(std::move(indexer)) {
    if (index_every.count() > 0)
      index_follower_.emplace("the text index", index_every, [this] { return indexer_->step(); });
  }

  [[nodiscard]] Cursor beginning() const override { return {number_, {0}}; }
  // There is one: it gets the connection that the file was opened with.
  [[nodiscard]] std::unique_ptr<Writer> writer() override {
    return sqlite::make_writer(std::move(writing_), std::move(recent_keys_));
  }
  [[nodiscard]] std::unique_ptr<ReadSession> reader() override {
    auto database = Database::open(path_, Database::Mode::reading);
    auto index = Database::open(sqlite::text_index_path(path_), Database::Mode::reading);
    PARLEY_ASSERT(database.has_value() && index.has_value());  // they were opened a moment ago
    return sqlite::make_read_session(std::move(*database),
                                     std::make_unique<sqlite::SqliteTextIndex>(std::move(*index)),
                                     number_);
  }
  void committed() override {
    if (index_follower_) index_follower_->poke();
  }

 private:
  std::string path_;
  FileLock lock_;
  std::unique_ptr<Database> writing_;
  std::unique_ptr<sqlite::RecentKeys> recent_keys_;
  std::uint32_t number_;
  std::unique_ptr<sqlite::TextIndexer> indexer_;
  std::optional<Follower> index_follower_;
};

Result<void> make_folder_of(const std::string& path) {
  std::error_code error;
  auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error)
    return fail(Code::unavailable,
                "the folder " + folder.string() + " can't be made: " + error.message());
  return {};
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const SqliteOptions& options) {
  TRY_DO(make_folder_of(options.path));
  TRY(lock, FileLock::take(options.path + ".lock"));
  TRY(database, Database::open(options.path, Database::Mode::writing));
  TRY_DO(sqlite::migrate(*database));
  TRY(number, sqlite::store_number(*database));
  auto recent_keys = std::make_unique<sqlite::RecentKeys>(*database);
  TRY_DO(recent_keys->load());
  PoolLimits limits = options.limits;
  limits.writers = 1;
  TRY(indexer, sqlite::TextIndexer::open(options.path, number));
  auto backend = std::make_unique<SqliteBackend>(options.path, std::move(lock), std::move(database),
                                                 std::move(recent_keys), std::move(indexer), number,
                                                 limits.index_every);
  return make_pooled_store(std::move(backend), limits);
}

Result<MigrationStatus> sqlite_migration_status(const std::string& path) {
  if (!std::filesystem::exists(path)) return MigrationStatus{0, sqlite::newest_version()};
  TRY(database, Database::open(path, Database::Mode::reading));
  TRY(version, sqlite::version_of(*database));
  return MigrationStatus{version, sqlite::newest_version()};
}

}  // namespace parley::store
