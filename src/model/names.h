// The ids and numbers of the model, each its own type.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/id.h"

namespace parley {

// The caller's own string for a person: 1–128 bytes of printable UTF-8, compared byte for byte.
struct UserId {
  std::string text;
  friend auto operator<=>(const UserId&, const UserId&) = default;
  [[nodiscard]] bool empty() const { return text.empty(); }
};

using ConversationId = Id<struct ConversationKind>;
using MessageId = Id<struct MessageKindTag>;  // also the id of every other event

// An event's place in its conversation: 1, 2, 3 …; 0 is before the first.
struct Seq {
  std::uint64_t value = 0;
  friend auto operator<=>(const Seq&, const Seq&) = default;
  Seq& operator++() {
    ++value;
    return *this;
  }
};

// Raised by each change of who may do what in a conversation; a commit that was decided on an older one is stale.
struct Version {
  std::uint64_t value = 0;
  friend auto operator<=>(const Version&, const Version&) = default;
};

// Where in the store's history something happened. Positions of one lane grow in the order of commits; all that happens
// in one conversation happens in one lane.
struct Position {
  std::uint32_t lane = 0;
  std::uint64_t at = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

// Which live connection a command came from; never stored. Zero: none (REST).
struct Origin {
  std::uint32_t loop = 0;
  std::uint64_t connection = 0;
  friend bool operator==(const Origin&, const Origin&) = default;
};

}  // namespace parley

template <>
struct std::hash<parley::UserId> {
  std::size_t operator()(const parley::UserId& user) const noexcept {
    return std::hash<std::string>{}(user.text);
  }
};
