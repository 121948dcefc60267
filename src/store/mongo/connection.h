// Connections to MongoDB: a pool for the process, one connection a thread, and what may go wrong.
#pragma once

#include <mongoc/mongoc.h>

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/mongo/bson.h"

namespace parley::store::mongo {

// Why a write failed. Lost: nobody knows what the server did of it. Taken: there is a document with that key already.
// Refused: the server said no.
struct Failure {
  enum class Kind : std::uint8_t { lost, taken, refused } kind = Kind::lost;
  std::string text;
};

// When a write counts as done.
enum class Safety : std::uint8_t {
  written,   // the server has it
  majority,  // it outlives that server, where there are several
  synced,    // and is on disk
};

[[nodiscard]] Error unavailable(std::string_view why, std::string_view doing);  // and logs it

struct Address {
  std::string uri;  // mongodb://…; a password in it is never shown
  std::string messages = "messages";
  std::chrono::milliseconds timeout{5'000};
};

// What the server is, for the log.
struct ServerKind {
  std::string type;  // Standalone, RSPrimary, Mongos …
  std::string host;
};

class Pool {
 public:
  [[nodiscard]] static Result<std::shared_ptr<Pool>> open(const Address& address,
                                                          std::size_t connections);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] const std::string& database() const { return database_; }
  [[nodiscard]] const std::string& messages() const { return messages_; }
  [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  friend class Connection;
  Pool() = default;

  mongoc_client_pool_t* pool_ = nullptr;
  std::string database_, messages_;
  std::chrono::milliseconds timeout_{};
};

// The answer to a question, document by document.
class Found {
 public:
  explicit Found(mongoc_cursor_t* cursor) : cursor_(cursor, &mongoc_cursor_destroy) {}
  // The next one; it lives until the one after it is asked for. Nothing: that was all, or error() says why.
  [[nodiscard]] const bson_t* next();
  [[nodiscard]] Result<void> end();

 private:
  std::unique_ptr<mongoc_cursor_t, decltype(&mongoc_cursor_destroy)> cursor_;
};

// Lives on: one thread at a time. It is made again by itself when it has gone.
class Connection {
 public:
  explicit Connection(std::shared_ptr<Pool> pool);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `take(Fields)` is given each that is found. Options: sort, limit, projection.
  template <class Take>
  [[nodiscard]] Result<void> each(std::string_view collection, const Doc& filter, Doc options,
                                  Take take) {
    Found found = find(collection, filter, std::move(options));
    while (const bson_t* doc = found.next()) take(Fields(doc));
    return found.end();
  }
  template <class Take>
  [[nodiscard]] Result<void> aggregate(std::string_view collection, const List& pipeline,
                                       Take take) {
    Found found = run(collection, pipeline);
    while (const bson_t* doc = found.next()) take(Fields(doc));
    return found.end();
  }
  [[nodiscard]] Result<std::uint64_t> count(std::string_view collection, const Doc& filter);

  // How many documents it concerned.
  [[nodiscard]] std::expected<std::uint64_t, Failure> write(const Doc& command, Safety safety);
  [[nodiscard]] std::expected<std::uint64_t, Failure> insert(std::string_view collection,
                                                             const Doc& document, Safety safety);
  // Of the one that the filter finds.
  [[nodiscard]] std::expected<std::uint64_t, Failure> update(std::string_view collection,
                                                             const Doc& filter, const Doc& change,
                                                             Safety safety);
  [[nodiscard]] std::expected<std::uint64_t, Failure> remove(std::string_view collection,
                                                             const Doc& filter);
  [[nodiscard]] std::expected<ServerKind, Failure> server();
  [[nodiscard]] const Pool& pool() const { return *pool_; }

 private:
  [[nodiscard]] Found find(std::string_view collection, const Doc& filter, Doc options);
  [[nodiscard]] Found run(std::string_view collection, const List& pipeline);
  [[nodiscard]] mongoc_collection_t* collection(std::string_view name);

  using CollectionPtr = std::unique_ptr<mongoc_collection_t, decltype(&mongoc_collection_destroy)>;
  std::shared_ptr<Pool> pool_;
  mongoc_client_t* client_;
  std::map<std::string, CollectionPtr, std::less<>> collections_;
};

}  // namespace parley::store::mongo
