// Carries what a store has committed to every loop, in the order of the commits.
//
// Lives on: any thread calls, one at a time for what is of one lane; everything else happens on the loops, by posting.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/executor.h"
#include "hub/hub.h"
#include "store/store.h"

namespace parley::hub {

// What was committed at one position: an event, or else a reading; or neither, where nobody here follows it.
struct News {
  Position at;
  EventRef event;
  std::optional<Pointer> pointer;
};
using NewsBatch = std::shared_ptr<const std::vector<News>>;

class Feed final : public store::Listener {
 public:
  struct Loop {
    Executor* executor = nullptr;
    Hub* hub = nullptr;
    // Each event, before the hub has it: what the loop remembers of conversations is checked against it.
    std::function<void(const Event&)> notice;
    // After each commit with news.
    std::function<void()> committed{};
    // Each reader's or receiver's pointer that this process has moved.
    std::function<void(const Pointer&)> moved{};
  };

  // Before the store begins; loops stand at their own index (Origin::loop).
  explicit Feed(std::vector<Loop> loops) : loops_(std::move(loops)) {}

  // Of a store that this process alone commits to: its batches are all that happens.
  void settled(store::SettledBatch batch) override;

  // The two rounds of settled(), where others commit to the store, too.
  void deliver(const NewsBatch& news);
  void answer(const store::SettledBatch& batch);

 private:
  static void deliver_settled(const Loop& loop, const std::vector<store::Settled>& batch);
  void tell_moved(const store::SettledBatch& batch);
  static void deliver_event(const Loop& loop, const EventRef& event);

  std::vector<Loop> loops_;
};

}  // namespace parley::hub
