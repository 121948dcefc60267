#include "app/open_store.h"

#include "store/mongo/mongo.h"
#include "store/postgres/postgres.h"
#include "store/postgres/views.h"
#include "store/sqlite/sqlite.h"

namespace parley::app {
namespace {

store::PoolLimits pool_limits(const config::Settings& settings) {
  store::PoolLimits limits;
  limits.writers = settings.store_connections;
  limits.readers = settings.store_readers;
  limits.queue = settings.commit_queue;
  limits.pace = settings.commit_pace;
  limits.timeout = settings.store_timeout;
  return limits;
}

std::unexpected<Error> nothing_kept() {
  return fail(Code::bad_request,
              "the memory store is for tests: it keeps nothing and serves one loop; choose "
              "sqlite, postgres://… or mongodb://…");
}

store::MongoOptions mongo_options(const config::Settings& settings) {
  return {.uri = settings.store.where,
          .messages = settings.mongo_messages,
          .limits = pool_limits(settings)};
}

}  // namespace

Result<std::unique_ptr<store::Store>> open_store(const config::Settings& settings,
                                                 std::chrono::milliseconds patience) {
  switch (settings.store.kind) {
    case config::StoreKind::sqlite:
      return store::open_sqlite({settings.store.where, pool_limits(settings)});
    case config::StoreKind::postgres:
      return store::open_postgres(
          {settings.store.where, settings.store_replicas, pool_limits(settings), patience});
    case config::StoreKind::mongo: {
      store::MongoOptions options = mongo_options(settings);
      options.patience = patience;
      return store::open_mongo(options);
    }
    case config::StoreKind::memory:
      break;
  }
  return nothing_kept();
}

Result<SchemaStatus> schema_status(const config::Settings& settings) {
  switch (settings.store.kind) {
    case config::StoreKind::sqlite: {
      TRY(status, store::sqlite_migration_status(settings.store.where));
      return SchemaStatus{status.version, status.newest};
    }
    case config::StoreKind::postgres: {
      TRY(status, store::postgres_migration_status(settings.store.where));
      return SchemaStatus{status.version, status.newest};
    }
    case config::StoreKind::mongo: {
      TRY(status, store::mongo_migration_status(mongo_options(settings)));
      return SchemaStatus{status.version, status.newest};
    }
    case config::StoreKind::memory:
      break;
  }
  return nothing_kept();
}

Result<SchemaStatus> migrate_schema(const config::Settings& settings) {
  if (settings.store.kind == config::StoreKind::postgres) {
    TRY(status, store::postgres_migrate(settings.store.where));
    return SchemaStatus{status.version, status.newest};
  }
  // Opening it migrates it.
  TRY(opened, open_store(settings));
  opened.reset();
  return schema_status(settings);
}

Result<std::string> make_views(const config::Settings& settings, const std::string& service) {
  TRY(known, views_status(settings, service));
  if (settings.store.kind != config::StoreKind::postgres) return known;
  TRY_DO(store::postgres_make_views(settings.store.where, service));
  return views_status(settings, service);
}

Result<std::string> drop_views(const config::Settings& settings, const std::string& service) {
  TRY(known, views_status(settings, service));
  if (settings.store.kind != config::StoreKind::postgres) return known;
  TRY_DO(store::postgres_drop_views(settings.store.where, service));
  return views_status(settings, service);
}

Result<std::string> views_status(const config::Settings& settings, const std::string& service) {
  if (service != "echo" && service != "messaging")
    return fail(Code::bad_request, "--dialect: there are views for echo and messaging only");
  if (settings.store.kind != config::StoreKind::postgres)
    return "this store has no views of " + service + ": they are made on PostgreSQL only";
  TRY(there, store::postgres_has_views(settings.store.where, service));
  return "views of " + service + (there ? " are there" : " are not there");
}

}  // namespace parley::app
