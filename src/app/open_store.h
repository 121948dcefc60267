// From --store to a store.
#pragma once

#include <memory>
#include <string>

#include "app/config/settings.h"
#include "store/store.h"

namespace parley::app {

// `patience`: how long a server of a database is waited for that can't be reached.
[[nodiscard]] Result<std::unique_ptr<store::Store>> open_store(
    const config::Settings& settings,
    std::chrono::milliseconds patience = std::chrono::seconds{30});

struct SchemaStatus {
  int version = 0;  // of the database; 0: empty
  int newest = 0;   // that this program knows
};
[[nodiscard]] Result<SchemaStatus> schema_status(const config::Settings& settings);
// Brings it to the newest.
[[nodiscard]] Result<SchemaStatus> migrate_schema(const config::Settings& settings);

// The tables of another service, as views: what there is of them afterwards, in a sentence. SQLite has none.
[[nodiscard]] Result<std::string> make_views(const config::Settings& settings,
                                             const std::string& service);
[[nodiscard]] Result<std::string> drop_views(const config::Settings& settings,
                                             const std::string& service);
[[nodiscard]] Result<std::string> views_status(const config::Settings& settings,
                                               const std::string& service);

}  // namespace parley::app
