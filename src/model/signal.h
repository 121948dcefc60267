// Something that passes: shown to who is there, never stored, lost for who is not.
#pragma once

#include "model/names.h"

namespace parley {

// Somebody is writing in a conversation, or has stopped.
struct Signal {
  ConversationId conversation;
  UserId user;
  bool typing = false;
  Origin origin;
};

}  // namespace parley
