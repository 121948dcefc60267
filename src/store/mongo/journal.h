// The commit, where there are no transactions over several documents: a batch is recorded as one document, then carried
// out on the collections.
//
// Recorded and synced, it is committed: whatever happens then, it is carried out before anything is read, by whoever
// opens or asks next. Batches are numbered; two can't have one number, so a commit that was still on its way when
// another took its place is noticed. See docs/decisions/0008-mongodb-by-journal.md.
#pragma once

#include <atomic>
#include <mutex>
#include <span>

#include "store/mongo/connection.h"
#include "store/mongo/lease.h"
#include "store/mongo/statements.h"
#include "store/mongo/turnstile.h"

namespace parley::store::mongo {

// Where the log stands.
struct Place {
  std::uint64_t batch = 0;     // the last one that was carried out
  std::uint64_t position = 0;  // of its last event
};

// The last statement of each batch: with it, all before it are done.
void add_place(Statements& statements, const Place& place);

// In order. The last one outlives the server that took it, and so do all before it.
[[nodiscard]] std::expected<void, Failure> carry_out(Connection& connection, Lease& lease,
                                                     std::span<const Statement> statements);

class Journal {
 public:
  explicit Journal(Lease& lease) : lease_(lease) {}

  // Carries out what is recorded and was not carried out; where the log stands then.
  [[nodiscard]] Result<Place> settle(Connection& connection);
  // The commit. Taken: that number is somebody else's; nothing was committed. Lost: its fate could not be found out.
  [[nodiscard]] std::expected<void, Failure> record(Connection& connection, std::uint64_t batch,
                                                    const Statements& statements, Instant deadline);
  // What was recorded. If it can't be done now, settle() does it.
  void apply(Connection& connection, const Place& place, const Statements& statements);
  // Forgets what was carried out.
  void purge(Connection& connection);

  [[nodiscard]] bool settled() const { return settled_; }
  [[nodiscard]] Turnstile& turnstile() { return turnstile_; }

 private:
  enum class Whose : std::uint8_t { nobodys, ours, others };
  [[nodiscard]] std::expected<Whose, Failure> whose(Connection& connection, std::uint64_t batch,
                                                    const std::string& token);

  Lease& lease_;
  std::mutex mutex_;
  Place place_;
  std::uint64_t purged_ = 0;
  std::atomic<bool> settled_ = false;  // nothing can be recorded that was not carried out
  Turnstile turnstile_;
};

}  // namespace parley::store::mongo
