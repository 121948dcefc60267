// One process serves a database. What says so is a document that its owner counts up every second.
//
// Nobody compares clocks: who wants it watches the count. It stands still for `patience`: its owner is gone, or has been
// cut off for longer than it itself trusts its last beat. An owner that surely is dead (same machine, no such process)
// is not waited for.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "store/mongo/connection.h"

namespace parley::store::mongo {

class Lease {
 public:
  static constexpr std::chrono::seconds beat_every{1};
  static constexpr std::chrono::seconds trusted_for{10};
  static constexpr std::chrono::seconds patience{15};  // more than it is trusted for

  // Waits for it; another process that is alive is told by name in the refusal.
  [[nodiscard]] Result<void> take(Connection& connection);
  // Counts up. From any thread.
  void beat(Connection& connection);
  // Whether it surely is ours, asked anew where the last beat was long ago. Before anything is written.
  [[nodiscard]] Result<void> hold(Connection& connection);
  void release(Connection& connection);

 private:
  [[nodiscard]] Result<bool> try_to_take(Connection& connection, const Doc& from);

  std::string owner_;  // empty: never taken
  std::atomic<bool> lost_ = false;
  std::atomic<Instant> trusted_until_{Instant{}};
};

}  // namespace parley::store::mongo
