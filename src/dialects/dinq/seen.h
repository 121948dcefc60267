// Up to where somebody's devices have been shown what happened: kept when the last one goes.
#pragma once

#include <optional>

#include "engine/engine.h"

namespace parley::dinq {

inline constexpr std::string_view seen_space = "dinq.seen";
inline constexpr std::string_view seen_key = "cursor";

[[nodiscard]] std::optional<Cursor> cursor_in(const std::optional<store::Record>& record);
[[nodiscard]] std::vector<store::RecordSet> seen_record(const UserId& user, const Cursor& cursor);

}  // namespace parley::dinq
