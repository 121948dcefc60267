#include "store/mongo/mongo.h"

#include <condition_variable>
#include <thread>

#include "base/log.h"
#include "store/mongo/schema.h"
#include "store/mongo/session.h"

namespace parley::store {
namespace {

using mongo::Connection;
using mongo::Lease;
using mongo::Shared;

constexpr std::chrono::milliseconds start_pause{250};

// Holds the database, forgets what the journal no longer needs, and carries out what was left undone.
class Keeper {
 public:
  explicit Keeper(Shared& shared)
      : shared_(shared), connection_(shared.pool), thread_([this] { keep(); }) {}
  ~Keeper() {
    {
      std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
    shared_.journal.purge(connection_);
    shared_.lease.release(connection_);
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

 private:
  void keep() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, Lease::beat_every, [this] { return ended_; })) {
      lock.unlock();
      shared_.lease.beat(connection_);
      if (shared_.lease.hold(connection_)) {
        [[maybe_unused]] auto place = shared_.journal.settle(connection_);
        shared_.journal.purge(connection_);
      }
      lock.lock();
    }
  }

  Shared& shared_;
  Connection connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

class MongoBackend final : public Backend {
 public:
  MongoBackend(std::unique_ptr<Shared> shared, std::uint32_t number)
      : shared_(std::move(shared)), number_(number), keeper_(*shared_) {}

  [[nodiscard]] Cursor beginning() const override { return {number_, {0}}; }
  [[nodiscard]] std::unique_ptr<Writer> writer() override { return mongo::make_writer(*shared_); }
  [[nodiscard]] std::unique_ptr<ReadSession> reader() override {
    return mongo::make_read_session(*shared_, number_);
  }

 private:
  std::unique_ptr<Shared> shared_;
  std::uint32_t number_;
  Keeper keeper_;
};

mongo::Address address_of(const MongoOptions& options) {
  return {options.uri, options.messages, options.limits.timeout};
}

// Also takes the lease; whoever fails after that has to give it back.
Result<std::uint32_t> prepare(Shared& shared, Connection& connection) {
  TRY_DO(mongo::migrate(connection));
  TRY(number, mongo::store_number(connection));
  TRY_DO(shared.journal.settle(connection));
  return number;
}

// A server that is starting too is waited for: whoever started both should not have to care about the order.
Result<void> await_server(Connection& connection, std::chrono::milliseconds patience) {
  const Instant deadline = std::chrono::steady_clock::now() + patience;
  for (bool told = false;; told = true) {
    auto server = connection.server();
    if (server) {
      log::info("mongodb", {{"server", server->host}, {"type", server->type}});
      return {};
    }
    if (std::chrono::steady_clock::now() + start_pause > deadline)
      return fail(Code::unavailable, "MongoDB can't be reached: " + server.error().text);
    if (!told)
      log::warn("waiting for the database",
                {{"why", server.error().text}, {"at_most_ms", patience.count()}});
    std::this_thread::sleep_for(start_pause);
  }
}

}  // namespace

Result<std::unique_ptr<Store>> open_mongo(const MongoOptions& options) {
  PoolLimits limits = options.limits;
  limits.writers = 1;
  const std::size_t connections = limits.readers + 3;  // the writer's, the keeper's, and this
  TRY(pool, mongo::Pool::open(address_of(options), connections));
  auto shared = std::make_unique<Shared>();
  shared->pool = std::move(pool);
  std::uint32_t number = 0;
  {
    Connection connection(shared->pool);
    TRY_DO(await_server(connection, options.patience));
    TRY_DO(shared->lease.take(connection));
    auto prepared = prepare(*shared, connection);
    if (!prepared) {
      shared->lease.release(connection);
      return std::unexpected(std::move(prepared).error());
    }
    number = *prepared;
  }
  return make_pooled_store(std::make_unique<MongoBackend>(std::move(shared), number), limits);
}

Result<MongoMigrationStatus> mongo_migration_status(const MongoOptions& options) {
  TRY(pool, mongo::Pool::open(address_of(options), 1));
  Connection connection(pool);
  if (auto server = connection.server(); !server)
    return fail(Code::unavailable, "MongoDB can't be reached: " + server.error().text);
  TRY(version, mongo::version_of(connection));
  return MongoMigrationStatus{version, mongo::newest_version()};
}

}  // namespace parley::store
