// How many unread messages one reader has in each conversation, kept up from the events that are handed over to them.
//
// For doors whose clients are told the count with every message. Lives on: one loop.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "model/event.h"
#include "store/reader.h"

namespace parley::engine {

// As it is in a moment, if it is not by now: who has the conversation on a screen reads what is new there on arrival.
[[nodiscard]] std::uint64_t unread_once_seen(const Conversation& conversation, const Member& member,
                                             const Event& event, bool on_screen);

class UnreadCounts {
 public:
  explicit UnreadCounts(UserId reader) : reader_(std::move(reader)) {}

  // As the store has them; events up to that are in them already.
  void begin(const std::vector<store::Membership>& memberships);
  // `seen_at_once`: the reader has the conversation on a screen.
  void told(const Event& event, bool seen_at_once);
  void told(const Pointer& pointer);
  void told(const ConversationId& where, std::uint64_t count);
  [[nodiscard]] std::uint64_t of(const ConversationId& where) const;

 private:
  struct Count {
    std::uint64_t value = 0;
    std::uint64_t upto = 0;  // the position of the last event (and the pointer) that is in it
  };
  UserId reader_;
  std::unordered_map<ConversationId, Count> counts_;
};

}  // namespace parley::engine
