#include "engine/engine.h"

#include <algorithm>

namespace parley::engine {

Engine::Engine(store::Store& store, hub::Hub& hub, hub::Bus& bus, const Clock& clock,
               Random& random, Limits limits)
    : store_(store),
      hub_(hub),
      bus_(bus),
      clock_(clock),
      ids_(clock, random),
      limits_(limits),
      standings_(store) {}

store::Change Engine::begin(const Caller& caller, ConversationId where) const {
  store::Change change;
  change.where = where;
  change.actor = caller.user;
  change.at = clock_.now();
  return change;
}

store::EventDraft Engine::draft(EventKind kind) {
  store::EventDraft event;
  event.id = ids_.make<MessageKindTag>();
  event.kind = kind;
  return event;
}

// Submits, and comes back when the change is settled. The turn passes as soon as the store has it.
Task<Result<store::Committed>> Engine::commit(const Caller& caller, store::Change change,
                                              Turn* turn) {
  const ConversationId where = change.where;
  const Origin origin = caller.origin;
  standings_.submitted(where, change.expects);
  auto start = [&](auto done) {
    store_.submit({.change = std::move(change),
                   .origin = origin,
                   .reply = [done = std::move(done)](
                                const Result<store::Committed>& result) mutable { done(result); }});
    if (turn != nullptr) turn->pass();
  };
  auto done = co_await called_back<Result<store::Committed>>(std::move(start));
  if (done && done->outcome == store::Outcome::stale) standings_.forget(where);
  standings_.settled(where);
  co_return done;
}

}  // namespace parley::engine
