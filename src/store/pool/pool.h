// store/pool: a Store over blocking backends: writer threads that gather a commit, reader threads that answer.
//
// Knows:     threads, queues, deadlines, retries.
// Does not:  rows or SQL (the backend), rules.
// In:        submissions and questions from loops.   Out: batches to the listener, answers to the askers.
// Lives on:  its own threads: one per writer (a lane always has the same one), one per reader.
// Failing:   a queue that is full, or a backend that is down past the deadline: unavailable. Nothing is lost: what was
//            not surely committed is not settled as committed.
// Start at:  PooledStore::submit(), then write_loop().
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/store.h"

namespace parley::store {

// One writing connection. Used by one thread.
class Writer {
 public:
  virtual ~Writer() = default;
  // In order, in one transaction: a result for each. An Error means surely nothing was committed: an
  // outcome that got lost is found out in here (by the events' ids), within the deadline where that is possible at all.
  [[nodiscard]] virtual Result<std::vector<Committed>> commit(
      std::span<const Submission* const> batch, Instant deadline) = 0;

  // Where the outcome could not be found out in time, the callers got an Error that says so. Nothing more is committed then
  // until it is known; it is asked for again and again, also while nobody wants anything. True: it is known.
  [[nodiscard]] virtual bool in_doubt() const { return false; }
  virtual bool find_out(Instant /*deadline*/) { return true; }
  // What was committed after all: events that have to reach whoever listens, before those of any later commit. Once.
  [[nodiscard]] virtual std::vector<Committed> late() { return {}; }
};

// Who may answer.
enum class Source : std::uint8_t { primary, anywhere };

// One reading connection. Used by one thread.
class ReadSession {
 public:
  virtual ~ReadSession() = default;
  // A reader on one snapshot, until end().
  [[nodiscard]] virtual Result<Reader*> begin(Instant deadline, Source source) = 0;
  virtual void end() = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual Cursor beginning() const = 0;
  [[nodiscard]] virtual std::unique_ptr<Writer> writer() = 0;
  [[nodiscard]] virtual std::unique_ptr<ReadSession> reader() = 0;
  // From the writers' threads: something was committed. Must not block.
  virtual void committed() {}
};

struct PoolLimits {
  std::size_t writers = 1;
  std::size_t readers = 4;
  std::size_t queue = 65'536;      // submissions waiting for one writer; above: unavailable
  std::size_t questions = 16'384;  // questions waiting for a reader
  std::size_t batch = 1'024;       // submissions in one commit
  std::chrono::milliseconds index_every{
      200};  // so long the text index gathers; 0: it is not written
  std::chrono::milliseconds timeout{5'000};
  std::chrono::microseconds pace{
      2'000};  // between commits of one writer while several callers are at it; 0: none
};

[[nodiscard]] std::unique_ptr<Store> make_pooled_store(std::unique_ptr<Backend> backend,
                                                       PoolLimits limits);

}  // namespace parley::store
