// The messages that went through this loop a moment ago, by their places: whose states change is nearly always one of
// them, and need not be read from the store.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "model/event.h"

namespace parley::echo {

class Lately {
 public:
  // Whatever happens in a conversation; the same event may come several times.
  void saw(const Event& event);
  // Those by that person with after < seq <= upto. Nothing: not all that happened there is known here.
  [[nodiscard]] std::optional<std::vector<MessageId>> by(const UserId& sender,
                                                         const ConversationId& where, Seq after,
                                                         Seq upto) const;

 private:
  using Place = std::pair<ConversationId, Seq>;
  struct Known {
    UserId sender;
    MessageId id;
  };
  static constexpr std::size_t most = 4'096;

  std::map<Place, Known> known_;
  std::deque<Place> in_order_;  // as they came
};

}  // namespace parley::echo
