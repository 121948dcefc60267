// A connection to one SQLite file, and its prepared statements.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "model/event.h"

namespace parley::store::sqlite {

// One use of a prepared statement: bind, step, read; reset when it goes.
class Rows {
 public:
  Rows(sqlite3_stmt* statement, sqlite3* database) : statement_(statement), database_(database) {}
  Rows(Rows&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)),
        database_(other.database_),
        bound_(other.bound_) {}
  Rows& operator=(Rows&&) = delete;
  ~Rows();

  // Parameters in order. Texts and blobs must live until the next step().
  Rows& bind(std::int64_t value);
  Rows& bind(std::string_view text);
  template <class Kind>
  Rows& bind(const Id<Kind>& id) {
    return bind_blob(id.raw());
  }
  // An empty one as no bytes at all.
  template <class Kind>
  Rows& bind_or_none(const Id<Kind>& id) {
    return bind_blob(id.empty() ? std::string_view("") : id.raw());
  }
  Rows& bind(const UserId& user) { return bind(std::string_view(user.text)); }
  Rows& bind(Seq seq) { return bind(static_cast<std::int64_t>(seq.value)); }
  Rows& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Rows& bind(Time at) { return bind(to_micros(at)); }
  template <class E>
    requires std::is_enum_v<E>
  Rows& bind(E value) {
    return bind(static_cast<std::int64_t>(value));
  }

  // True: there is a row. An Error: the statement failed.
  [[nodiscard]] Result<bool> step();
  // For statements that give no rows.
  [[nodiscard]] Result<void> run();

  // Columns in order, of the row that step() found.
  [[nodiscard]] std::int64_t number() { return sqlite3_column_int64(statement_, column_++); }
  [[nodiscard]] std::uint64_t count() { return static_cast<std::uint64_t>(number()); }
  [[nodiscard]] Seq seq() { return Seq{count()}; }
  [[nodiscard]] Time time() { return from_micros(number()); }
  [[nodiscard]] std::string text();
  [[nodiscard]] UserId user() { return UserId{text()}; }
  template <class T>
  [[nodiscard]] T id() {
    return T::from_raw(text());
  }
  template <class E>
  [[nodiscard]] E enumerated() {
    return static_cast<E>(number());
  }

 private:
  Rows& bind_blob(std::string_view bytes);

  sqlite3_stmt* statement_;
  sqlite3* database_;
  int bound_ = 0;
  int column_ = 0;
};

// Lives on: one thread at a time.
class Database {
 public:
  // Following: for what can be made again from the data, so that the last of it may get lost with the power.
  enum class Mode : std::uint8_t { writing, reading, following };
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // The statement is prepared once and kept; `sql` must be a literal.
  [[nodiscard]] Rows use(std::string_view sql);
  // One or more statements, without results.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  [[nodiscard]] sqlite3* raw() { return database_; }

 private:
  explicit Database(sqlite3* database) : database_(database) {}

  sqlite3* database_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace parley::store::sqlite
