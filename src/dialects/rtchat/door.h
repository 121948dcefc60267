// What the parts of this dialect share on one loop.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "base/gate.h"
#include "dialects/rtchat/channel.h"
#include "dialects/rtchat/rtchat.h"

namespace parley::rtchat {

class Session;

struct Door {
  net::Loop& loop;
  engine::Engine& engine;
  Random& random;
  Shared shared;
  engine::Policy policy;
  std::unordered_set<Session*> sessions;
  // Which conversations are channels, as far as somebody has asked; null: it is none. They never change.
  std::unordered_map<ConversationId, std::shared_ptr<const Participants>> channels;
  Gate commands;  // every command under way

  [[nodiscard]] engine::Caller caller(UserId user, Origin origin = {}) const {
    return {std::move(user), engine::Rank::user, origin, &policy};
  }
};

struct Identified {
  UserId user;
  std::optional<Time> expires;
};
[[nodiscard]] Result<Identified> identify(const Door& door, const net::Request& request);

// Where this channel's messages are; nothing if nobody has written there yet.
[[nodiscard]] Task<Result<std::optional<ConversationId>>> find_channel(Door& door,
                                                                       engine::Caller caller,
                                                                       const Participants& channel);
// The channel that this conversation is; null: none. Remembered.
[[nodiscard]] Task<Result<std::shared_ptr<const Participants>>> channel_of(Door& door,
                                                                           engine::Caller caller,
                                                                           ConversationId where);

}  // namespace parley::rtchat
