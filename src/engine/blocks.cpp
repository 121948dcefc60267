// Who lets whom write to them.
#include "engine/decide.h"
#include "engine/engine.h"
#include "engine/pair.h"

namespace parley::engine {

Task<Result<void>> Engine::block(Caller caller, UserId whom, bool on) {
  if (!valid_user_id(whom.text))
    co_return Error{Code::unprocessable, "a user's id is 1 to 128 bytes of printable UTF-8", {}};
  if (whom == caller.user) co_return Error{Code::unprocessable, "nobody blocks themselves", {}};
  store::Change change =
      begin(caller, in_the_lane_of_the_pair(ConversationId{ids_.make()}, caller.user, whom));
  change.block = store::BlockSet{.blocker = caller.user, .blocked = whom, .on = on};
  CO_TRY_DO(co_await commit(caller, std::move(change), nullptr));
  co_return Result<void>{};
}

Task<Result<std::vector<store::Block>>> Engine::blocks(Caller caller, UserId after,
                                                       std::size_t limit) {
  auto ask = [user = caller.user, after, limit](store::Reader& reader) {
    return reader.blocks_of(user, after, limit);
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<UserId>>> Engine::not_blocking(Caller caller, std::vector<UserId> users) {
  auto ask = [user = caller.user,
              users = std::move(users)](store::Reader& reader) -> Result<std::vector<UserId>> {
    std::vector<UserId> open;
    for (const UserId& one : users) {
      TRY(blocked, reader.blocks(one, user));
      if (!blocked) open.push_back(one);
    }
    return open;
  };
  co_return co_await store_.read(std::move(ask));
}

Task<Result<std::vector<UserId>>> Engine::partners(UserId user) {
  auto ask = [user = std::move(user)](store::Reader& reader) -> Result<std::vector<UserId>> {
    TRY(memberships, reader.memberships(user));
    std::vector<UserId> all;
    for (const auto& [conversation, member] : memberships)
      if (conversation.type == ConversationType::direct && member.present())
        all.push_back(conversation.direct_low == user ? conversation.direct_high
                                                      : conversation.direct_low);
    return all;
  };
  co_return co_await store_.read(std::move(ask));
}

}  // namespace parley::engine
