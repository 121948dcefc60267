#include "store/mongo/connection.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/log.h"

namespace parley::store::mongo {
namespace {

using Kind = Failure::Kind;

// libmongoc is begun once and ended with the process.
class Library {
 public:
  Library() {
    mongoc_init();
    mongoc_log_set_handler(&Library::tell, nullptr);
  }
  ~Library() {
    mongoc_log_set_handler(nullptr, nullptr);
    mongoc_cleanup();
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

 private:
  static void tell(mongoc_log_level_t level, const char* domain, const char* text,
                   void* /*nothing*/) {
    if (level <= MONGOC_LOG_LEVEL_WARNING)
      log::warn("mongodb client", {{"part", domain}, {"says", text}});
  }
};

void begin_library() { static const Library once; }

// Codes after which nobody knows, or after which another server is to be asked: stepping down, shutting down, times that
// ran out, write concerns that were not met.
bool leaves_it_open(std::uint32_t code) {
  constexpr std::array codes{6U,   7U,     50U,    64U,    89U,    91U,    189U,
                             262U, 9'001U, 10107U, 11600U, 11602U, 13435U, 13436U};
  return std::ranges::find(codes, code) != codes.end();
}

constexpr std::uint32_t duplicate_key = 11'000;

Failure failure_of(const bson_error_t& error) {
  const std::string text = std::string(error.message) + " (" + std::to_string(error.code) + ")";
  if (error.code == duplicate_key) return {Kind::taken, text};
  const bool answered = error.domain == MONGOC_ERROR_SERVER || error.domain == MONGOC_ERROR_QUERY ||
                        error.domain == MONGOC_ERROR_COMMAND || error.domain == MONGOC_ERROR_BSON;
  return {answered && !leaves_it_open(error.code) ? Kind::refused : Kind::lost, text};
}

// A command that went through can still say no: for one of its documents, or about how safe it is by now.
std::optional<Failure> failure_in(Fields reply) {
  if (Fields concern = reply.in("writeConcernError"); concern.has("code"))
    return Failure{Kind::lost, concern.text("errmsg")};
  std::optional<Failure> first;
  reply.each("writeErrors", [&](Fields error) {
    if (first) return;
    const auto code = static_cast<std::uint32_t>(error.number("code"));
    first = Failure{code == duplicate_key  ? Kind::taken
                    : leaves_it_open(code) ? Kind::lost
                                           : Kind::refused,
                    error.text("errmsg")};
  });
  return first;
}

Doc concern(Safety safety, std::chrono::milliseconds timeout) {
  Doc concern;
  concern.put("w", "majority").put("wtimeout", timeout.count());
  if (safety == Safety::synced) concern.put("j", true);
  return concern;
}

}  // namespace

Error unavailable(std::string_view why, std::string_view doing) {
  log::warn("store: mongodb", {{"doing", doing}, {"why", why}});
  return {Code::unavailable, "the store can't do this right now", std::chrono::seconds{1}};
}

Result<std::shared_ptr<Pool>> Pool::open(const Address& address, std::size_t connections) {
  begin_library();
  bson_error_t error{};
  const std::unique_ptr<mongoc_uri_t, decltype(&mongoc_uri_destroy)> uri(
      mongoc_uri_new_with_error(address.uri.c_str(), &error), &mongoc_uri_destroy);
  if (!uri)
    return fail(Code::bad_request,
                "the address of MongoDB can't be read: " + std::string(error.message));
  const char* database = mongoc_uri_get_database(uri.get());
  // The server that has the newest is asked, whatever the address says: a reader sees what was committed.
  const std::unique_ptr<mongoc_read_prefs_t, decltype(&mongoc_read_prefs_destroy)> primary(
      mongoc_read_prefs_new(MONGOC_READ_PRIMARY), &mongoc_read_prefs_destroy);
  mongoc_uri_set_read_prefs_t(uri.get(), primary.get());
  // Where nothing else is said a write is answered for, whatever the address says.
  const std::unique_ptr<mongoc_write_concern_t, decltype(&mongoc_write_concern_destroy)> answered(
      mongoc_write_concern_new(), &mongoc_write_concern_destroy);
  mongoc_write_concern_set_w(answered.get(), 1);
  mongoc_uri_set_write_concern(uri.get(), answered.get());
  const auto limit = static_cast<std::int32_t>(address.timeout.count() * 4 / 5);
  for (const char* option : {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, MONGOC_URI_SOCKETTIMEOUTMS,
                             MONGOC_URI_CONNECTTIMEOUTMS})
    mongoc_uri_set_option_as_int32(uri.get(), option, limit);
  mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_MAXPOOLSIZE,
                                 static_cast<std::int32_t>(connections));
  mongoc_uri_set_appname(uri.get(), "parley");
  std::shared_ptr<Pool> pool(new Pool);
  pool->database_ = database == nullptr ? "parley" : database;
  pool->messages_ = address.messages;
  pool->timeout_ = address.timeout;
  pool->pool_ = mongoc_client_pool_new_with_error(uri.get(), &error);
  if (pool->pool_ == nullptr)
    return fail(Code::bad_request,
                "the address of MongoDB can't be used: " + std::string(error.message));
  mongoc_client_pool_set_error_api(pool->pool_, 2);
  return pool;
}

Pool::~Pool() {
  if (pool_ != nullptr) mongoc_client_pool_destroy(pool_);
}

const bson_t* Found::next() {
  const bson_t* doc = nullptr;
  return mongoc_cursor_next(cursor_.get(), &doc) ? doc : nullptr;
}

Result<void> Found::end() {
  bson_error_t error{};
  if (!mongoc_cursor_error(cursor_.get(), &error)) return {};
  return fail(unavailable(error.message, "reading"));
}

Connection::Connection(std::shared_ptr<Pool> pool)
    : pool_(std::move(pool)), client_(mongoc_client_pool_pop(pool_->pool_)) {}

Connection::~Connection() {
  collections_.clear();
  mongoc_client_pool_push(pool_->pool_, client_);
}

mongoc_collection_t* Connection::collection(std::string_view name) {
  auto at = collections_.find(name);
  if (at == collections_.end()) {
    std::string key(name);
    CollectionPtr made(
        mongoc_client_get_collection(client_, pool_->database().c_str(), key.c_str()),
        &mongoc_collection_destroy);
    at = collections_.emplace(std::move(key), std::move(made)).first;
  }
  return at->second.get();
}

Found Connection::find(std::string_view name, const Doc& filter, Doc options) {
  constexpr int documents_at_once = 1'000;
  options.put("batchSize", documents_at_once);
  return Found(
      mongoc_collection_find_with_opts(collection(name), filter.raw(), options.raw(), nullptr));
}

Found Connection::run(std::string_view name, const List& pipeline) {
  return Found(mongoc_collection_aggregate(collection(name), MONGOC_QUERY_NONE,
                                           Doc().put("pipeline", pipeline).raw(), nullptr,
                                           nullptr));
}

Result<std::uint64_t> Connection::count(std::string_view name, const Doc& filter) {
  bson_error_t error{};
  const std::int64_t count = mongoc_collection_count_documents(collection(name), filter.raw(),
                                                               nullptr, nullptr, nullptr, &error);
  if (count < 0) return fail(unavailable(error.message, "counting"));
  return static_cast<std::uint64_t>(count);
}

std::expected<std::uint64_t, Failure> Connection::write(const Doc& command, Safety safety) {
  // Less than the socket's own limit, so that the server says itself what is missing.
  Doc options;
  if (safety != Safety::written)
    options.put("writeConcern", concern(safety, pool_->timeout() * 3 / 5));
  bson_error_t error{};
  bson_t reply;
  const bool done = mongoc_client_write_command_with_opts(
      client_, pool_->database().c_str(), command.raw(), options.raw(), &reply, &error);
  const Bson owner(&reply);
  if (auto failure = failure_in(Fields(&reply))) return std::unexpected(std::move(*failure));
  if (!done) return std::unexpected(failure_of(error));
  return Fields(&reply).count("n");
}

std::expected<std::uint64_t, Failure> Connection::insert(std::string_view name, const Doc& document,
                                                         Safety safety) {
  return write(Doc().put("insert", name).put("documents", List().add(document)), safety);
}

std::expected<std::uint64_t, Failure> Connection::update(std::string_view name, const Doc& filter,
                                                         const Doc& change, Safety safety) {
  return write(
      Doc().put("update", name).put("updates", List().add(Doc().put("q", filter).put("u", change))),
      safety);
}

std::expected<std::uint64_t, Failure> Connection::remove(std::string_view name, const Doc& filter) {
  return write(
      Doc().put("delete", name).put("deletes", List().add(Doc().put("q", filter).put("limit", 0))),
      Safety::written);
}

std::expected<ServerKind, Failure> Connection::server() {
  bson_error_t error{};
  const std::unique_ptr<mongoc_server_description_t, decltype(&mongoc_server_description_destroy)>
      server(mongoc_client_select_server(client_, true, nullptr, &error),
             &mongoc_server_description_destroy);
  if (!server) return std::unexpected(failure_of(error));
  return ServerKind{mongoc_server_description_type(server.get()),
                    mongoc_server_description_host(server.get())->host_and_port};
}

}  // namespace parley::store::mongo
