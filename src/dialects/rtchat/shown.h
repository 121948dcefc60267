// Which messages went to sockets ahead of their commit: the log brings them once more.
#pragma once

#include <unordered_set>

#include "base/time.h"
#include "model/names.h"

namespace parley::rtchat {

// Of one loop. A message may come either way first.
class Shown {
 public:
  // It is to be shown ahead of its commit. False: the log was quicker.
  [[nodiscard]] bool ahead(const MessageId& id);
  // It comes by the log, for one of its receivers. False: it was shown.
  [[nodiscard]] bool by_log(const MessageId& id, Instant now);
  // The log has it; whoever still catches up meets it within a moment.
  void saved(const MessageId& id, Instant now);

 private:
  // Remembers for a while, and not much longer.
  class Lately {
   public:
    void add(const MessageId& id, Instant now);
    [[nodiscard]] bool has(const MessageId& id) const {
      return new_.contains(id) || old_.contains(id);
    }

   private:
    std::unordered_set<MessageId> new_, old_;
    Instant turned_{};
  };

  std::unordered_set<MessageId> ahead_;  // and not saved
  Lately ahead_and_saved_, logged_;
};

}  // namespace parley::rtchat
