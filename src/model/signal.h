// Something that passes: shown to who is there, never stored, lost for who is not.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/event.h"

namespace parley {

struct Signal {
  enum class Kind : std::uint8_t {
    typing,        // `on`: somebody is writing in the conversation; else they have stopped
    presence,      // `on`: somebody is there, in the way that `details` says; else they are not
    call,          // `details` is handed on as it is
    notification,  // `details` is the notification, a JSON object
    own_settings,  // somebody has changed how they want to have a conversation
    logout,        // the connections of somebody are to end
    reading,       // `to` are told how far somebody has read: `pointer`
    blocks,        // `to` have blocked `user` (`on`), or do so no longer
    changed,       // records of `space`, which nodes keep in memory: for nobody's connections
  };
  Kind kind = Kind::typing;
  ConversationId conversation;
  UserId user;  // who it is about
  std::vector<UserId>
      to;  // these people's connections; empty: who follows the conversation, but for `user`
  std::vector<ConversationId> conversations;  // who follows any of these, once each, but for `user`
  bool to_all = false;                        // to everybody who is there
  bool on = false;
  std::string details;
  std::string
      space{};  // notification, call: in whose words its details are; logout: of which sessions
  Origin origin;
  std::shared_ptr<const Pointer> pointer{};
  std::optional<Position> position{};  // of what is kept, too, in an order
};

}  // namespace parley
