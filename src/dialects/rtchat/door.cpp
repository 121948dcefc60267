#include "dialects/rtchat/door.h"

#include <algorithm>

#include "dialects/rest/rest.h"

namespace parley::rtchat {
namespace {

constexpr std::size_t channels_remembered = 20'000;
constexpr std::size_t members_looked_at = 1'001;

}  // namespace

Result<Identified> identify(const Door& door, const net::Request& request) {
  auto token = rest::bearer_token(request);
  if (!token && !request.header("Authorization") && request.header("Upgrade"))
    token = rest::handshake_token(request);
  if (!token || token->empty())
    return fail(Code::unauthorized, "a token is required: Authorization: Bearer TOKEN");
  TRY(identity, door.shared.verifier->verify(*token, door.engine.clock().now(), door.shared.rules));
  return Identified{UserId{std::move(identity.user)}, identity.expires};
}

Task<Result<std::optional<ConversationId>>> find_channel(Door& door, engine::Caller caller,
                                                         const Participants& channel) {
  if (channel.size() != 2) co_return channel_id(channel);
  UserId other = channel.front() == caller.user ? channel.back() : channel.front();
  co_return co_await door.engine.direct_with(std::move(caller), std::move(other));
}

Task<Result<std::shared_ptr<const Participants>>> channel_of(Door& door, engine::Caller caller,
                                                             ConversationId where) {
  if (auto known = door.channels.find(where); known != door.channels.end()) co_return known->second;
  CO_TRY(view, co_await door.engine.conversation(caller, where));
  std::shared_ptr<const Participants> channel;
  const Conversation& at = view.conversation;
  if (at.type == ConversationType::direct) {
    channel = std::make_shared<Participants>(Participants{at.direct_low, at.direct_high});
  } else {
    CO_TRY(members, co_await door.engine.members(std::move(caller), where, {}, members_looked_at));
    auto all = std::make_shared<Participants>();
    for (const Member& one : members) all->push_back(one.user);
    std::ranges::sort(*all);
    if (channel_id(*all) == where) channel = std::move(all);
  }
  if (door.channels.size() >= channels_remembered) door.channels.clear();
  door.channels[where] = channel;
  co_return channel;
}

}  // namespace parley::rtchat
