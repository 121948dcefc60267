// store/conformance: what every Store owes the engine, as cases that each adapter runs on its own storage.
//
// Knows:     the interface, and the rules of plan.h as a caller sees them.
// Does not:  any adapter.
// In:        a Storage from the adapter's test.   Out: GoogleTest failures.
// Start at:  Conformance, then the cases: numbers, once, standing, reading, since, finding, keeping, races.
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, Conformance, testing::Values(&new_sqlite_storage));
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "base/virtual_time.h"
#include "store/store.h"

namespace parley::store {

// What an adapter's stores are opened on: empty at first, private to one case.
class Storage {
 public:
  virtual ~Storage() = default;
  // A store on it; another one beside it where the adapter is `shared`, otherwise after the last was stopped.
  [[nodiscard]] virtual std::unique_ptr<Store> open() = 0;
  [[nodiscard]] virtual bool shared() const { return false; }
  [[nodiscard]] virtual bool kept() const { return true; }     // what was stored outlives the store
  [[nodiscard]] virtual bool indexed() const { return true; }  // it finds texts by an index
  // What is asked may be answered by a replica.
  [[nodiscard]] virtual bool browsed() const { return false; }
  [[nodiscard]] virtual VirtualTime* time() {
    return nullptr;
  }  // what moves it, if it has no threads
};
using NewStorage = std::unique_ptr<Storage> (*)();

class Conformance : public testing::TestWithParam<NewStorage> {
 protected:
  std::unique_ptr<Storage> storage = GetParam()();
};

}  // namespace parley::store
