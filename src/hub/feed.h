// Carries what a store has committed to every loop, in the order of the commits.
//
// Lives on: settled() is called by the store's threads; everything else happens on the loops, by posting.
#pragma once

#include <functional>
#include <vector>

#include "base/executor.h"
#include "hub/hub.h"
#include "store/store.h"

namespace parley::hub {

class Feed final : public store::Listener {
 public:
  struct Loop {
    Executor* executor = nullptr;
    Hub* hub = nullptr;
    // Each event, before the hub has it: what the loop remembers of conversations is checked against it.
    std::function<void(const Event&)> notice;
    // After each commit with news.
    std::function<void()> committed{};
  };

  // Before the store begins; loops stand at their own index (Origin::loop).
  explicit Feed(std::vector<Loop> loops) : loops_(std::move(loops)) {}

  void settled(store::SettledBatch batch) override;

 private:
  static void deliver(const Loop& loop, const std::vector<store::Settled>& batch);

  std::vector<Loop> loops_;
};

}  // namespace parley::hub
