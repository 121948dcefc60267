// A reader's opaque place across all their conversations: how far they have come in each lane of the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/names.h"

namespace parley {

struct Cursor {
  // Which store it belongs to: a cursor of another (or a wiped) one means nothing.
  std::uint32_t store = 0;
  std::vector<std::uint64_t> lanes;  // all events up to these positions have been seen

  [[nodiscard]] bool has_seen(const Position& position) const {
    return position.lane < lanes.size() && position.at <= lanes[position.lane];
  }
  // Moves one lane forward; never back.
  void saw(const Position& position);
  // True if no lane of this one is ahead of the other's.
  [[nodiscard]] bool not_after(const Cursor& other) const;
  friend bool operator==(const Cursor&, const Cursor&) = default;

  [[nodiscard]] std::string text() const;
  // Nothing where the text was not made by text().
  [[nodiscard]] static std::optional<Cursor> parse(std::string_view text);
};

}  // namespace parley
