#include "dialects/rtchat/door.h"

#include <algorithm>

#include "dialects/rest/rest.h"

namespace parley::rtchat {
namespace {

constexpr std::size_t channels_remembered = 20'000;
constexpr std::size_t all_of_them = 100'000;

}  // namespace

Result<Identified> identify(const Door& door, const net::Request& request) {
  auto token = rest::token_of(request);
  if (!token || token->empty())
    return fail(Code::unauthorized, "a token is required: Authorization: Bearer TOKEN");
  TRY(identity, door.shared.verifier->verify(*token, door.engine.clock().now(), door.shared.rules));
  return Identified{UserId{std::move(identity.user)}, identity.expires};
}

Task<Result<std::shared_ptr<const Participants>>> channel_of(Door& door, engine::Caller caller,
                                                             ConversationId where) {
  if (auto known = door.channels.find(where); known != door.channels.end())
    co_return known->second.participants;
  const std::uint64_t changes = door.roster_changes;
  CO_TRY(view, co_await door.engine.conversation(caller, where));
  CO_TRY(members, co_await door.engine.members(std::move(caller), where, {}, all_of_them));
  auto channel = std::make_shared<Participants>();
  for (const Member& one : members) channel->push_back(one.user);
  std::ranges::sort(*channel);
  if (door.roster_changes != changes) co_return channel;
  if (door.channels.size() >= channels_remembered) door.channels.clear();
  door.channels[where] = {view.conversation.version, channel};
  co_return channel;
}

}  // namespace parley::rtchat
