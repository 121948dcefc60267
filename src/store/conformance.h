// What every Store owes the engine. store/*/…_test.cpp calls it with a factory; a new case goes here first.
#pragma once

#include <functional>
#include <memory>

#include "store/store.h"

namespace parley::store {

struct StoreUnderTest {
  // A store on fresh, empty storage.
  std::function<std::unique_ptr<Store>()> fresh;
  // Another Store on the storage that the last fresh() made (after its stop(), or beside it where `shared`); nothing
  // where the storage goes with the store.
  std::function<std::unique_ptr<Store>()> again;
  bool shared = false;   // two Stores may work on one storage at once
};

// Runs every case against the store; failures are reported through GoogleTest.
void run_store_conformance(const StoreUnderTest& store);

}  // namespace parley::store
