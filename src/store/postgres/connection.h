// A connection to PostgreSQL: everything goes through pipelines, nothing waits longer than its deadline.
#pragma once

#include <libpq-fe.h>

#include <expected>
#include <memory>
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
  explicit Connection(PGconn* connection) : connection_(connection) {}
  [[nodiscard]] bool send(const Query& query, std::size_t& answers);
  [[nodiscard]] bool wait(Instant deadline);
  [[nodiscard]] std::expected<PGresult*, Failure> next_result(Instant deadline);
  [[nodiscard]] Failure lost();

  PGconn* connection_;
  bool broken_ = false;
  std::unordered_map<const char*, std::string> prepared_;
};

}  // namespace parley::store::postgres
