// store/memory: the same promises without a disk, single-threaded on a given executor: for tests and the simulator.
//
// Knows:     the rows, in maps.
// Does not:  durability: what it holds goes with it.
// Lives on:  the executor it is given; commits settle in a later turn of it, in batches, as a real store's do.
// Start at:  make_memory_store().
#pragma once

#include <memory>

#include "base/executor.h"
#include "store/store.h"

namespace parley::store {

struct MemoryOptions {
  std::uint32_t lanes = 1;
  std::chrono::milliseconds commit_delay{0};
};

[[nodiscard]] std::unique_ptr<Store> make_memory_store(Executor& executor,
                                                       MemoryOptions options = {});

}  // namespace parley::store
