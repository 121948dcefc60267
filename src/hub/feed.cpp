#include "hub/feed.h"

#include <algorithm>

namespace parley::hub {

// Two rounds: first everybody learns what has happened, then the askers get their answers. So when somebody has been
// told that a member is removed, no loop can still take that member for one.
void Feed::settled(store::SettledBatch batch) {
  bool news = std::ranges::any_of(*batch, [](const store::Settled& one) {
    return one.result &&
           (!one.result->events.empty() || one.result->pointer_moved || one.result->position) &&
           one.result->outcome == store::Outcome::committed;
  });
  if (news)
    for (const Loop& loop : loops_) loop.executor->post([&loop, batch] { deliver(loop, *batch); });

  for (std::uint32_t index = 0; index < loops_.size(); ++index) {
    bool asked = std::ranges::any_of(
        *batch, [&](const store::Settled& one) { return one.origin.loop == index && one.reply; });
    if (!asked) continue;
    loops_[index].executor->post([index, batch] {
      for (store::Settled& one : *batch)
        if (one.origin.loop == index && one.reply) std::exchange(one.reply, {})(one.result);
    });
  }
}

void Feed::deliver(const Loop& loop, const std::vector<store::Settled>& batch) {
  for (const store::Settled& one : batch) {
    if (!one.result || one.result->outcome != store::Outcome::committed) continue;
    for (const EventRef& event : one.result->events) {
      loop.notice(*event);
      loop.hub->deliver(event);
    }
    if (one.result->position) loop.hub->saw(*one.result->position);
    if (one.result->pointer_moved) loop.hub->deliver(*one.result->pointer);
  }
  if (loop.committed) loop.committed();
}

}  // namespace parley::hub
