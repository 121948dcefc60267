// Signals of a call, from one device to others: handed on as they are, never kept.
#include "engine/engine.h"
#include "engine/place.h"

namespace parley::engine {

Task<Result<void>> Engine::call_in(Caller caller, ConversationId where, Signal signal) {
  auto ask = [user = caller.user, where, to = signal.to](store::Reader& reader) -> Result<bool> {
    TRY_DO(seen_by(reader, user, where));
    for (const UserId& one : to) {
      TRY(member, reader.member(where, one));
      if (!member || !member->present())
        return fail(Code::not_found, "that user is not in this conversation");
    }
    return true;
  };
  CO_TRY_DO(co_await store_.read(std::move(ask)));
  signal.kind = Signal::Kind::call;
  signal.conversation = where;
  signal.user = std::move(caller.user);
  signal.origin = caller.origin;
  bus_.publish(signal);
  co_return Result<void>{};
}

// To somebody who would let the caller write to them.
Task<Result<void>> Engine::call_to(Caller caller, UserId whom, Signal signal) {
  auto ask = [one = caller.user, other = whom](store::Reader& reader) -> Result<bool> {
    TRY(blocked, reader.blocks(other, one));
    if (blocked) return fail(Code::blocked, "this person has blocked you");
    const auto& [low, high] = std::minmax(one, other);
    TRY(direct, reader.direct(low, high));
    if (direct) return true;
    TRY(memberships, reader.memberships(one));
    for (const store::Membership& at : memberships) {
      if (!at.member.present() || at.conversation.deleted_seq.value != 0) continue;
      TRY(member, reader.member(at.conversation.id, other));
      if (member && member->present()) return true;
    }
    return false;
  };
  CO_TRY(known, co_await store_.read(std::move(ask)));
  if (!known) co_return Error{Code::not_found, "you have no conversation with this person", {}};
  signal.kind = Signal::Kind::call;
  signal.user = std::move(caller.user);
  signal.to = {std::move(whom)};
  signal.origin = caller.origin;
  bus_.publish(signal);
  co_return Result<void>{};
}

}  // namespace parley::engine
