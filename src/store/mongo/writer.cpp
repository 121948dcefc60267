// One batch, one document in the journal: the Plan decides, the journal makes it durable, then it is carried out.
#include <expected>
#include <thread>

#include "store/mongo/before.h"
#include "store/mongo/session.h"
#include "store/mongo/writes.h"

namespace parley::store::mongo {
namespace {

using Results = std::vector<Committed>;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t lanes = 1;
constexpr std::chrono::milliseconds pause{50};

class MongoWriter final : public Writer {
 public:
  explicit MongoWriter(Shared& shared) : shared_(shared), connection_(shared.pool) {}

  Result<Results> commit(std::span<const Submission* const> batch, Instant deadline) override {
    for (;;) {
      auto done = attempt(batch, deadline);
      if (done) return std::move(*done);
      if (!done.error().again || Clock::now() + pause >= deadline)
        return fail(std::move(done.error().error));
      std::this_thread::sleep_for(pause);
    }
  }

 private:
  // Nothing was committed, as far as anybody can know.
  struct Undone {
    Error error;
    bool again = true;
  };

  std::expected<Results, Undone> attempt(std::span<const Submission* const> batch,
                                         Instant deadline) {
    Results results;
    results.reserve(batch.size());
    MongoBefore before(connection_);
    Place place;
    auto planned = plan(batch, before, results, place);
    if (!planned) return std::unexpected(Undone{std::move(planned).error()});
    if (planned->empty()) return results;
    Statements statements = statements_of(*planned, before, shared_.pool->messages(), place.batch);
    add_place(statements, place);
    auto recorded = shared_.journal.record(connection_, place.batch, statements, deadline);
    if (!recorded)
      return std::unexpected(Undone{unavailable(recorded.error().text, "committing a batch"),
                                    recorded.error().kind == Failure::Kind::taken});
    shared_.journal.apply(connection_, place, statements);
    return results;
  }

  // `place`: where the log will stand.
  Result<Writes> plan(std::span<const Submission* const> batch, MongoBefore& before,
                      Results& results, Place& place) {
    TRY_DO(shared_.lease.hold(connection_));
    TRY(now, shared_.journal.settle(connection_));
    TRY_DO(before.load(batch));
    Plan plan(before, lanes, {{0, now.position}});
    for (const Submission* one : batch) {
      TRY(result, plan.apply(one->change, one->origin));
      results.push_back(std::move(result));
    }
    Writes writes = plan.take();
    place = {.batch = now.batch + 1,
             .position = writes.heads.empty() ? now.position : writes.heads.at(0)};
    return writes;
  }

  Shared& shared_;
  Connection connection_;
};

}  // namespace

std::unique_ptr<Writer> make_writer(Shared& shared) {
  return std::make_unique<MongoWriter>(shared);
}

}  // namespace parley::store::mongo
