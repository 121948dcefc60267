// Small documents beside the conversations.
#include "engine/engine.h"
#include "engine/fingerprint.h"
#include "engine/notifications.h"

namespace parley::engine {
namespace {

constexpr std::size_t forgotten_at_once = 200;

// All writes of one owner happen in one lane, one after the other.
ConversationId in_the_lane_of(ConversationId id, std::string_view space, std::string_view owner) {
  id.bytes[11] = static_cast<std::uint8_t>(Fingerprint{}.add(space).add(owner).value() >> 32);
  return id;
}

}  // namespace

std::uint32_t lane_of_records(std::string_view space, std::string_view owner, std::uint32_t lanes) {
  return lane_of(in_the_lane_of({}, space, owner), lanes);
}

Task<Result<std::optional<store::Record>>> Engine::record(std::string space, std::string owner,
                                                          std::string key) {
  auto ask = [space = std::move(space), owner = std::move(owner), key = std::move(key)](
                 store::Reader& reader) { return reader.record(space, owner, key); };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<store::Record>>> Engine::records(std::string space, std::string owner,
                                                         store::RecordRange range) {
  auto ask = [space = std::move(space), owner = std::move(owner), range = std::move(range)](
                 store::Reader& reader) { return reader.records(space, owner, range); };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<void>> Engine::put_records(Caller caller, std::vector<store::RecordSet> sets) {
  if (sets.empty()) co_return Result<void>{};
  CO_TRY_DO(co_await write_records(std::move(caller), std::move(sets), InOrder::no));
  co_return Result<void>{};
}

Task<Result<std::optional<Position>>> Engine::write_records(Caller caller,
                                                            std::vector<store::RecordSet> sets,
                                                            InOrder in_order) {
  store::Change change = begin(
      caller, in_the_lane_of(ConversationId{ids_.make()}, sets.front().space, sets.front().owner));
  change.records = std::move(sets);
  change.records_in_order = in_order == InOrder::yes;
  CO_TRY(done, co_await commit(caller, std::move(change), nullptr));
  if (done.outcome != store::Outcome::committed)
    co_return Error{Code::conflict, "this was changed meanwhile", {}};
  co_return done.position;
}

Task<Result<void>> Engine::forget_old_keys() {
  const Time before = clock_.now() - std::chrono::days{1};
  for (;;) {
    auto ask = [before](store::Reader& reader) { return reader.once_before(before); };
    CO_TRY(any, co_await store_.read(std::move(ask)));
    if (!any) co_return Result<void>{};
    store::Change change = begin(Caller{}, ConversationId{ids_.make()});
    change.forget_once = store::Change::ForgetOnce{before, forgotten_at_once};
    CO_TRY_DO(co_await commit(Caller{}, std::move(change), nullptr));
  }
}

}  // namespace parley::engine
