// A connection to PostgreSQL: everything goes through pipelines, nothing waits longer than its deadline.
#pragma once

#include <libpq-fe.h>

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace parley::store::postgres {

// Why an exchange failed. Lost: the connection is gone, and nobody knows what the server did of it. Refused: the server
// said no (sqlstate says why) and the transaction is aborted.
struct Failure {
  enum class Kind : std::uint8_t { lost, refused } kind = Kind::lost;
  std::string sqlstate;
  std::string text;
};

// The rows of one query, read column by column.
class Table {
 public:
  explicit Table(PGresult* result) : result_(result, &PQclear) {}
  [[nodiscard]] int rows() const { return PQntuples(result_.get()); }
  [[nodiscard]] std::string_view at(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

struct Query {
  const char* sql;                      // a literal: it is prepared once per connection
  std::vector<std::string> parameters;  // in text form
};

// What a connection holds while a transaction is open. Locks of lanes are in everybody's way: when their holder falls
// silent in the middle, the server is to take them back soon.
enum class Holds : std::uint8_t { snapshots, locks };

// Lives on: one thread at a time.
class Connection {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<Connection>, Failure> open(
      const std::string& url, Instant deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // All queries in one round trip; a table for each. After a refusal roll back; after a loss let the connection go.
  [[nodiscard]] std::expected<std::vector<Table>, Failure> exchange(std::span<const Query> queries,
                                                                    Instant deadline);
  [[nodiscard]] std::expected<Table, Failure> ask(Query query, Instant deadline);
  // Several statements in one text, without parameters or results: for migrations.
  [[nodiscard]] std::expected<void, Failure> execute(const std::string& sql, Instant deadline);
  [[nodiscard]] bool good() const { return PQstatus(connection_) == CONNECTION_OK && !broken_; }

 private:
  friend class Opening;
  explicit Connection(PGconn* connection) : connection_(connection) {}
  [[nodiscard]] bool send(const Query& query, std::size_t& answers);
  [[nodiscard]] bool wait(Instant deadline);
  [[nodiscard]] std::expected<PGresult*, Failure> next_result(Instant deadline);
  [[nodiscard]] Failure lost();

  PGconn* connection_;
  bool broken_ = false;
  std::unordered_map<const char*, std::string> prepared_;
};

// A connection that is being made. That takes several round trips, which over a slow link may be more than whoever wants
// it now can wait for: the next one goes on with it.
class Opening {
 public:
  explicit Opening(const std::string& url, Holds holds = Holds::snapshots);
  // Until the deadline; nothing: not yet.
  using Opened = std::expected<std::unique_ptr<Connection>, Failure>;
  [[nodiscard]] std::optional<Opened> go_on(Instant deadline);

 private:
  enum class Stage : std::uint8_t { connecting, settling };
  [[nodiscard]] Instant given_up_at() const;
  [[nodiscard]] bool wait(short events, Instant deadline) const;
  [[nodiscard]] std::optional<Opened> connect(Instant deadline);
  [[nodiscard]] std::optional<Opened> settle(Instant deadline);
  [[nodiscard]] Failure failed() const;

  const Instant since_;
  const Holds holds_;
  std::unique_ptr<Connection> connection_;
  PostgresPollingStatusType state_ = PGRES_POLLING_WRITING;
  Stage stage_ = Stage::connecting;
  std::optional<Failure> refused_;
};

}  // namespace parley::store::postgres
