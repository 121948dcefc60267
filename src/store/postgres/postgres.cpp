#include "store/postgres/postgres.h"

#include <optional>
#include <thread>

#include "base/log.h"
#include "store/pool/follower.h"
#include "store/postgres/connection.h"
#include "store/postgres/schema.h"
#include "store/postgres/session.h"
#include "store/postgres/text_index.h"

namespace parley::store {
namespace {

using postgres::Connection;

constexpr std::chrono::seconds start_within{30};
constexpr std::chrono::seconds connect_within{5};
constexpr std::chrono::milliseconds start_pause{250};

// What libpq says here is for the operator who starts the process; the URL may hold a password and is not repeated.
Result<std::unique_ptr<Connection>> connect(const std::string& url, Instant deadline) {
  auto opened = Connection::open(url, deadline);
  if (!opened)
    return fail(Code::unavailable, "PostgreSQL can't be reached: " + opened.error().text);
  return std::move(*opened);
}

Instant start_deadline() { return std::chrono::steady_clock::now() + start_within; }

Result<std::uint32_t> prepare(const std::string& url) {
  TRY(connection, connect(url, std::chrono::steady_clock::now() + connect_within));
  const Instant deadline = start_deadline();
  TRY_DO(postgres::migrate(*connection, deadline));
  TRY_DO(postgres::check_text_index(*connection, deadline));
  return postgres::store_number(*connection, deadline);
}

// A database that is starting too, or is being replaced, is waited for: whoever started both should not have to care
// about the order.
Result<std::uint32_t> prepare_patiently(const std::string& url,
                                        std::chrono::milliseconds patience) {
  const Instant deadline = std::chrono::steady_clock::now() + patience;
  for (bool told = false;; told = true) {
    auto number = prepare(url);
    if (number || number.error().code != Code::unavailable) return number;
    if (std::chrono::steady_clock::now() + start_pause > deadline) return number;
    if (!told)
      log::warn("waiting for the database",
                {{"why", number.error().detail}, {"at_most_ms", patience.count()}});
    std::this_thread::sleep_for(start_pause);
  }
}

class PostgresBackend final : public Backend {
 public:
  PostgresBackend(const PostgresOptions& options, std::uint32_t number)
      : url_(options.url), replicas_(options.replicas), number_(number), indexer_(url_) {
    const auto index_every = options.limits.index_every;
    if (index_every.count() > 0)
      index_follower_.emplace("the text index", index_every, [this] { return indexer_.step(); });
  }
  [[nodiscard]] Cursor beginning() const override {
    return {number_, std::vector<std::uint64_t>(postgres::lanes)};
  }
  [[nodiscard]] std::unique_ptr<Writer> writer() override { return postgres::make_writer(url_); }
  [[nodiscard]] std::unique_ptr<ReadSession> reader() override {
    // In turns.
    const std::string replica = replicas_.empty() ? "" : replicas_[readers_++ % replicas_.size()];
    return postgres::make_read_session(url_, replica, number_);
  }
  void committed() override {
    if (index_follower_) index_follower_->poke();
  }

 private:
  std::string url_;
  std::vector<std::string> replicas_;
  std::size_t readers_ = 0;
  std::uint32_t number_;
  postgres::TextIndexer indexer_;
  std::optional<Follower> index_follower_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_postgres(const PostgresOptions& options) {
  TRY(number, prepare_patiently(options.url, options.patience));
  return make_pooled_store(std::make_unique<PostgresBackend>(options, number), options.limits);
}

Result<PostgresMigrationStatus> postgres_migration_status(const std::string& url) {
  TRY(connection, connect(url, start_deadline()));
  TRY(version, postgres::version_of(*connection, start_deadline()));
  return PostgresMigrationStatus{version, postgres::newest_version()};
}

Result<PostgresMigrationStatus> postgres_migrate(const std::string& url) {
  TRY(connection, connect(url, start_deadline()));
  TRY_DO(postgres::migrate(*connection, start_deadline()));
  return postgres_migration_status(url);
}

}  // namespace parley::store
