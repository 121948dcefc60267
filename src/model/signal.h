// Something that passes: shown to who is there, never stored, lost for who is not.
#pragma once

#include <string>
#include <vector>

#include "model/names.h"

namespace parley {

struct Signal {
  enum class Kind : std::uint8_t {
    typing,        // `on`: somebody is writing in the conversation; else they have stopped
    presence,      // `on`: somebody is there, in the way that `details` says; else they are not
    call,          // `details` is handed on as it is
    notification,  // `details` is the notification, a JSON object
    own_settings,  // somebody has changed how they want to have a conversation
    logout,        // the connections of somebody are to end
    blocks,        // `to` have blocked `user` (`on`), or do so no longer
    changed,       // records of `space`, which nodes keep in memory: for nobody's connections
  };
  Kind kind = Kind::typing;
  ConversationId conversation;
  UserId user;  // who it is about
  std::vector<UserId>
      to;  // these people's connections; empty: who follows the conversation, but for `user`
  std::vector<ConversationId> conversations;  // who follows any of these, once each, but for `user`
  bool on = false;
  std::string details;
  std::string
      space{};  // notification, call: in whose words its details are; logout: of which sessions
  Origin origin;
};

}  // namespace parley
