#include "store/postgres/postgres.h"

#include "store/postgres/connection.h"
#include "store/postgres/schema.h"
#include "store/postgres/session.h"

namespace parley::store {
namespace {

using postgres::Connection;

constexpr std::chrono::seconds start_within{30};

Instant start_deadline() { return std::chrono::steady_clock::now() + start_within; }

// What libpq says here is for the operator who starts the process; the URL may hold a password and is not repeated.
Result<std::unique_ptr<Connection>> connect(const std::string& url) {
  auto opened = Connection::open(url, start_deadline());
  if (!opened) return fail(Code::unavailable, "PostgreSQL can't be reached: " + opened.error().text);
  return std::move(*opened);
}

class PostgresBackend final : public Backend {
 public:
  PostgresBackend(std::string url, std::uint32_t number) : url_(std::move(url)), number_(number) {}
  [[nodiscard]] Cursor beginning() const override { return {number_, std::vector<std::uint64_t>(postgres::lanes)}; }
  [[nodiscard]] std::unique_ptr<Writer> writer() override { return postgres::make_writer(url_); }
  [[nodiscard]] std::unique_ptr<ReadSession> reader() override { return postgres::make_read_session(url_, number_); }

 private:
  std::string url_;
  std::uint32_t number_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_postgres(const PostgresOptions& options) {
  TRY(connection, connect(options.url));
  TRY_DO(postgres::migrate(*connection, start_deadline()));
  TRY(number, postgres::store_number(*connection, start_deadline()));
  return make_pooled_store(std::make_unique<PostgresBackend>(options.url, number), options.limits);
}

Result<PostgresMigrationStatus> postgres_migration_status(const std::string& url) {
  TRY(connection, connect(url));
  TRY(version, postgres::version_of(*connection, start_deadline()));
  return PostgresMigrationStatus{version, postgres::newest_version()};
}

Result<PostgresMigrationStatus> postgres_migrate(const std::string& url) {
  TRY(connection, connect(url));
  TRY_DO(postgres::migrate(*connection, start_deadline()));
  return postgres_migration_status(url);
}

}  // namespace parley::store
