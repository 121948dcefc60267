// What the parts of this dialect share on one loop.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "base/gate.h"
#include "dialects/rtchat/channel.h"
#include "dialects/rtchat/rtchat.h"
#include "dialects/rtchat/shown.h"

namespace parley::rtchat {

class Session;

struct Door {
  net::Loop& loop;
  engine::Engine& engine;
  Random& random;
  Shared shared;
  engine::Policy policy;
  std::unordered_set<Session*> sessions;
  // Who is in the conversations that somebody follows here, as far as it was needed.
  struct Channel {
    Version version;
    std::shared_ptr<const Participants> participants;
  };
  std::unordered_map<ConversationId, Channel> channels;
  std::uint64_t roster_changes = 0;  // what was read before one is not remembered after it
  std::unordered_map<UserId, std::vector<Session*>> sessions_of;
  Shown shown;
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

// Who is in this conversation: the set that names it here. Remembered.
[[nodiscard]] Task<Result<std::shared_ptr<const Participants>>> channel_of(Door& door,
                                                                           engine::Caller caller,
                                                                           ConversationId where);

}  // namespace parley::rtchat
