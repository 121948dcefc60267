// How an option is declared.
#pragma once

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config/options.h"

namespace parley::config {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;
inline constexpr std::size_t gib = 1024 * mib;

template <class Kind>
void add(Group& group, AnyOption::Facts facts, typename Kind::Value Settings::* field,
         typename Kind::Value fallback,
         Check<typename Option<Kind>::Item> check = any<typename Option<Kind>::Item>()) {
  group.options.push_back(
      std::make_unique<const Option<Kind>>(facts, field, std::move(fallback), std::move(check)));
}

// Only letters, digits, dots, - and _.
[[nodiscard]] inline bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  });
}

[[nodiscard]] std::vector<Group> door_groups();

}  // namespace parley::config
