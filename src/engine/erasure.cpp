// Somebody's content goes: what they said leaves its places in the logs, which stay dense.
#include <algorithm>

#include "engine/engine.h"

namespace parley::engine {
namespace {

constexpr std::size_t messages_at_once = 200;
constexpr std::size_t records_at_once = 200;

}  // namespace

Task<Result<void>> Engine::erase_messages(UserId whom, ConversationId where) {
  Seq from{};
  for (;;) {
    auto ask = [where, from](store::Reader& reader) {
      return reader.messages(where, {store::MessageRange::Towards::newer, from, messages_at_once});
    };
    CO_TRY(some, co_await store_.read(std::move(ask)));
    for (const Message& one : some) {
      from = one.seq;
      if (one.sender != whom || one.gone()) continue;
      CO_TRY_DO(co_await let_message_go(one));
    }
    if (some.size() < messages_at_once) co_return Result<void>{};
  }
}

Task<Result<void>> Engine::erase_user(Caller caller, UserId whom, std::vector<std::string> spaces) {
  if (caller.rank != Rank::admin)
    co_return Error{Code::forbidden, "this is for tokens with the role admin", {}};
  Signal out;
  out.kind = Signal::Kind::logout;
  out.user = whom;
  out.to = {whom};
  bus_.publish(out);
  auto ask = [whom](store::Reader& reader) { return reader.memberships(whom); };
  CO_TRY(memberships, co_await store_.read(std::move(ask)));
  for (const store::Membership& one : memberships) {
    if (one.conversation.deleted_seq.value != 0) continue;
    CO_TRY_DO(co_await erase_messages(whom, one.conversation.id));
    if (!one.member.present() || one.conversation.type == ConversationType::direct) continue;
    Caller themselves = caller;
    themselves.user = whom;
    auto left = co_await remove_member(std::move(themselves), one.conversation.id, whom);
    if (!left && http_status(left.error().code) >= 500) co_return std::move(left).error();
  }
  for (const std::string& space : spaces) {
    for (;;) {
      CO_TRY(some,
             co_await records(space, whom.text,
                              {.after = {}, .limit = records_at_once, .newest_first = false}));
      std::vector<store::RecordSet> sets;
      for (const store::Record& one : some) sets.push_back({one.space, one.owner, one.key, {}, {}});
      if (sets.empty()) break;
      CO_TRY_DO(co_await put_records(caller, std::move(sets)));
    }
  }
  co_return Result<void>{};
}

}  // namespace parley::engine
