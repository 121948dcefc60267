// One batch, one transaction, two round trips: read under the locks of its lanes, then write and commit.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "store/postgres/before.h"
#include "store/postgres/link.h"
#include "store/postgres/rows.h"
#include "store/postgres/schema.h"
#include "store/postgres/session.h"

namespace parley::store::postgres {
namespace {

using Results = std::vector<Committed>;
using Kind = Failure::Kind;

constexpr int tries_max = 8;
// How much longer than its deadline a batch may take until the fate of its COMMIT is known. Then its callers are told that
// nobody knows; whoever tries again with the same key learns of it.
constexpr std::chrono::seconds to_find_out{2};

Error not_now() {
  return {Code::unavailable, "the store can't do this right now", std::chrono::seconds{1}};
}

// A key or pair was taken from another lane, or two transactions got into each other's way: run it again.
bool worth_another_try(const std::string& sqlstate) {
  return sqlstate == "23505" || sqlstate == "40001" || sqlstate == "40P01";
}

class PostgresWriter final : public Writer {
 public:
  explicit PostgresWriter(std::string url) : link_(std::move(url), Holds::locks) {}

  Result<Results> commit(std::span<const Submission* const> batch, Instant deadline) override {
    if (doubt_ && !find_out(deadline)) return fail(not_now());
    for (int tries = 0; tries < tries_max; ++tries) {
      Connection* connection = link_.get(deadline);
      if (connection == nullptr) return fail(not_now());
      auto done = attempt(*connection, batch, deadline);
      if (done) return std::move(*done);
      if (done.error().kind == Kind::lost)
        link_.drop();
      else if (!doubt_)  // else that connection is gone
        roll_back(*connection, deadline);
      // Before COMMIT was sent nothing can have been committed; attempt() has settled what came after it.
      bool again = done.error().kind == Kind::lost || worth_another_try(done.error().sqlstate);
      if (!again) return fail(unavailable(done.error(), "committing a batch"));
    }
    return fail(not_now());
  }

  [[nodiscard]] bool in_doubt() const override { return doubt_.has_value(); }
  bool find_out(Instant deadline) override {
    if (!doubt_) return true;
    const Fate fate = fate_of(*doubt_->witness, deadline);
    if (fate == Fate::unknown) return false;
    log::info("store: the fate of a commit is known now",
              {{"changes", doubt_->results.size()}, {"committed", fate == Fate::committed}});
    if (fate == Fate::committed) late_ = std::move(doubt_->results);
    doubt_.reset();
    return true;
  }
  [[nodiscard]] Results late() override { return std::exchange(late_, {}); }

 private:
  // A commit whose answer was lost, and whose callers were told so.
  struct Doubt {
    Results results;
    EventRef witness;
  };
  enum class Fate : std::uint8_t { unknown, committed, never };

  std::expected<Results, Failure> attempt(Connection& connection,
                                          std::span<const Submission* const> batch,
                                          Instant deadline) {
    PostgresBefore before(connection, deadline);
    auto heads = before.begin(batch);
    if (!heads) return std::unexpected(std::move(heads).error());
    Plan plan(before, lanes, std::move(*heads));
    Results results;
    results.reserve(batch.size());
    for (const Submission* one : batch) {
      auto result = plan.apply(one->change, one->origin);
      if (!result)
        return std::unexpected(
            before.failure().value_or(Failure{Kind::refused, "", result.error().detail}));
      results.push_back(std::move(*result));
    }
    Writes writes = plan.take();
    std::vector<Query> queries;
    if (!writes.empty()) add_writes(queries, writes);
    queries.push_back({"COMMIT", {}});
    auto committed = connection.exchange(queries, deadline);
    if (committed) return results;
    if (committed.error().kind == Kind::refused)
      return std::unexpected(std::move(committed).error());
    return settle_unknown(std::move(results), writes, deadline, std::move(committed).error());
  }

  // The connection went while COMMIT was on its way. Whoever gets one of its lanes next comes after that transaction has
  // ended, one way or the other: then the log says which.
  std::expected<Results, Failure> settle_unknown(Results results, const Writes& writes,
                                                 Instant deadline, Failure failure) {
    static auto& unknown = metrics::counter("parley_unknown_commits_total",
                                            "Commits whose answer was lost and was asked for");
    unknown.Increment();
    log::warn("store: the answer to a commit was lost; asking",
              {{"why", failure.text}, {"changes", results.size()}});
    link_.drop();
    // Pointers only: moving them again is the same move.
    if (writes.log.empty()) return std::unexpected(std::move(failure));
    const EventRef witness = writes.log.front();
    switch (fate_of(*witness, deadline + to_find_out)) {
      case Fate::committed:
        return results;
      case Fate::never:
        return std::unexpected(std::move(failure));  // the batch may run again
      case Fate::unknown:
        break;
    }
    log::warn("store: the fate of a commit is not known yet", {{"changes", results.size()}});
    doubt_ = Doubt{std::move(results), witness};
    return std::unexpected(Failure{Kind::refused, "", "the fate of a commit is unknown"});
  }

  Fate fate_of(const Event& witness, Instant end) {
    while (Connection* connection = link_.get(end)) {
      const Query queries[] = {
          {"BEGIN", {}},
          {"SELECT position FROM lanes WHERE lane = $1::int2 FOR UPDATE",
           {text_of(std::int64_t{witness.position.lane})}},
          {"SELECT 1 FROM log WHERE id = $1::uuid", {text_of(witness.id)}},
          {"COMMIT", {}},
      };
      auto tables = connection->exchange(queries, end);
      if (tables) return (*tables)[2].rows() == 1 ? Fate::committed : Fate::never;
      if (tables.error().kind == Kind::refused)
        roll_back(*connection, end);
      else
        link_.drop();
    }
    return Fate::unknown;
  }

  void roll_back(Connection& connection, Instant deadline) {
    auto done = connection.ask({"ROLLBACK", {}}, deadline);
    if (!done) link_.drop();
  }

  Link link_;
  std::optional<Doubt> doubt_;
  Results late_;
};

}  // namespace

std::unique_ptr<Writer> make_writer(std::string url) {
  return std::make_unique<PostgresWriter>(std::move(url));
}

}  // namespace parley::store::postgres
