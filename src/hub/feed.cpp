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
    for (const Loop& loop : loops_)
      loop.executor->post([&loop, batch] { deliver_settled(loop, *batch); });
  answer(batch);
}

void Feed::answer(const store::SettledBatch& batch) {
  tell_moved(batch);
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

void Feed::tell_moved(const store::SettledBatch& batch) {
  auto has_moved = [](const store::Settled& one) {
    return one.result && one.result->pointer_moved &&
           one.result->outcome == store::Outcome::committed;
  };
  for (const Loop& loop : loops_) {
    if (!loop.moved || std::ranges::none_of(*batch, has_moved)) continue;
    loop.executor->post([&loop, batch, has_moved] {
      for (const store::Settled& one : *batch)
        if (has_moved(one)) loop.moved(*one.result->pointer);
    });
  }
}

void Feed::deliver(const NewsBatch& news) {
  if (news->empty()) return;
  for (const Loop& loop : loops_)
    loop.executor->post([&loop, news] {
      for (const News& one : *news) {
        if (one.event)
          deliver_event(loop, one.event);
        else if (one.pointer)
          loop.hub->deliver(*one.pointer);
        else
          loop.hub->saw(one.at);
      }
      if (loop.committed) loop.committed();
    });
}

void Feed::deliver_event(const Loop& loop, const EventRef& event) {
  loop.notice(*event);
  loop.hub->deliver(event);
}

void Feed::deliver_settled(const Loop& loop, const std::vector<store::Settled>& batch) {
  for (const store::Settled& one : batch) {
    if (!one.result || one.result->outcome != store::Outcome::committed) continue;
    for (const EventRef& event : one.result->events) deliver_event(loop, event);
    if (one.result->position) loop.hub->saw(*one.result->position);
    if (one.result->pointer_moved) loop.hub->deliver(*one.result->pointer);
  }
  if (loop.committed) loop.committed();
}

}  // namespace parley::hub
