#include "store/postgres/snapshot.h"

#include "base/metrics.h"
#include "store/postgres/schema.h"

namespace parley::store::postgres {
namespace {

using Clock = std::chrono::steady_clock;

// Who asks gets to know soon that the server is away.
constexpr std::chrono::seconds reading_patience{2};
constexpr std::chrono::seconds end_within{5};

metrics::Counter& browsed_by(const char* who) {
  return metrics::counter("parley_browsed_total",
                          "Questions that a replica may answer, by who answered them",
                          {{"by", who}});
}

std::expected<Table, Failure> ask_first(Connection& connection, const Query& query,
                                        Instant deadline) {
  const Query queries[] = {{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {}}, query};
  auto tables = connection.exchange(queries, deadline);
  if (!tables) return std::unexpected(std::move(tables).error());
  return std::move((*tables)[1]);
}

}  // namespace

Snapshot::Snapshot(std::string url, const std::string& replica_url, std::uint32_t store_number)
    : primary_(std::move(url), Holds::snapshots, reading_patience) {
  if (!replica_url.empty()) replica_ = std::make_unique<Replica>(replica_url, store_number);
}

void Snapshot::begin(Instant deadline, Source source) {
  deadline_ = deadline;
  source_ = replica_ ? source : Source::primary;
  begun_ = false;
  on_replica_ = nullptr;
  replica_lost_ = false;
}

void Snapshot::end() {
  if (!begun_) return;
  begun_ = false;
  Connection* connection = on_replica_ != nullptr ? on_replica_ : primary_.now();
  if (connection == nullptr || replica_lost_) return;
  auto done = connection->ask({"COMMIT", {}}, Clock::now() + end_within);
  if (done) return;
  if (on_replica_ != nullptr)
    lose_replica(done.error());
  else
    primary_.drop();
}

Result<Table> Snapshot::ask(const Query& query) {
  if (on_replica_ != nullptr) return ask_replica_on(query);
  if (!begun_ && source_ == Source::anywhere)
    if (auto answer = ask_replica_first(query)) return std::move(*answer);
  return ask_primary(query);
}

Result<Table> Snapshot::ask_primary(const Query& query) {
  // A connection that died while nobody used it is noticed by its first question, which may then be asked again.
  for (int tries = begun_ ? 1 : 0; tries < 2; ++tries) {
    Connection* connection = primary_.get(deadline_);
    if (connection == nullptr) break;
    auto table =
        begun_ ? connection->ask(query, deadline_) : ask_first(*connection, query, deadline_);
    if (table) {
      begun_ = true;
      return std::move(*table);
    }
    const bool lost = table.error().kind == Failure::Kind::lost;
    primary_.drop();
    if (!lost || begun_) return fail(unavailable(table.error(), "reading"));
  }
  return fail(
      Error{Code::unavailable, "the store can't be read right now", std::chrono::seconds{1}});
}

std::optional<Table> Snapshot::ask_replica_first(const Query& query) {
  source_ = Source::primary;  // this is the one time that it is tried
  Connection* connection = replica_in_step();
  if (connection != nullptr) {
    // Should it fall silent, the primary has the other half of the time.
    const Instant now = Clock::now();
    auto table = ask_first(*connection, query, now + (deadline_ - now) / 2);
    if (table) {
      begun_ = true;
      on_replica_ = connection;
      static auto& by_replica = browsed_by("replica");
      by_replica.Increment();
      return std::move(*table);
    }
    replica_->lost(table.error().text);
  }
  static auto& by_primary = browsed_by("primary");
  by_primary.Increment();
  return std::nullopt;
}

Connection* Snapshot::replica_in_step() {
  for (int tries = 0; tries < 2; ++tries) {
    Connection* primary = primary_.get(deadline_);
    if (primary == nullptr) return nullptr;
    auto connection = replica_->caught_up(*primary, deadline_);
    if (connection) return *connection;
    primary_.drop();
  }
  return nullptr;
}

Result<Table> Snapshot::ask_replica_on(const Query& query) {
  if (!replica_lost_) {
    auto table = on_replica_->ask(query, deadline_);
    if (table) return std::move(*table);
    lose_replica(table.error());
  }
  return fail(Error{Code::unavailable, "a replica went away", std::chrono::seconds{1}});
}

void Snapshot::lose_replica(const Failure& failure) {
  replica_lost_ = true;
  replica_->lost(failure.text);
}

}  // namespace parley::store::postgres
