// What somebody has missed while none of their devices was there, for doors that show it when they come back.
#pragma once

#include "model/event.h"

namespace parley::engine {

// What others wrote in a conversation since this reader came into it, that is still there, and not older than that.
[[nodiscard]] inline bool is_missed(const Event& event, const UserId& reader, Seq joined,
                                    Time oldest) {
  return event.kind == EventKind::message_created && event.actor != reader && event.seq >= joined &&
         event.at >= oldest && !event.message->gone();
}

}  // namespace parley::engine
