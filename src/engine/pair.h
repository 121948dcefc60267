// What two people share whether or not they talk: the lane of the store in which all of theirs happens.
#pragma once

#include <algorithm>

#include "engine/fingerprint.h"
#include "model/names.h"

namespace parley::engine {

// Both sides of a pair must meet in one lane, so the end of the id comes from the pair; what the maker counted moves up
// by that byte, so that ids stay unique.
[[nodiscard]] inline ConversationId in_the_lane_of_the_pair(ConversationId id, const UserId& one,
                                                            const UserId& other) {
  const auto& [low, high] = std::minmax(one, other);
  std::rotate(id.bytes.begin() + 4, id.bytes.begin() + 5, id.bytes.end());
  id.bytes[11] =
      static_cast<std::uint8_t>(Fingerprint{}.add(low.text).add(high.text).value() >> 32);
  return id;
}

}  // namespace parley::engine
