#include "store/postgres/postgres.h"
// placeholder until the adapter arrives
namespace parley::store {
Result<std::unique_ptr<Store>> open_postgres(const PostgresOptions&) { return fail(Code::not_implemented, "postgres is not there yet"); }
Result<PostgresMigrationStatus> postgres_migration_status(const std::string&) { return fail(Code::not_implemented, "postgres is not there yet"); }
Result<PostgresMigrationStatus> postgres_migrate(const std::string&) { return fail(Code::not_implemented, "postgres is not there yet"); }
}
