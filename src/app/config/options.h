// All options there are, in the groups that the help shows.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "app/config/option.h"

namespace parley::config {

struct Group {
  std::string_view title;
  std::vector<std::unique_ptr<const AnyOption>> options;
};

[[nodiscard]] const std::vector<Group>& groups();
[[nodiscard]] std::vector<const AnyOption*> all_options();
// By its name in the flags' form; nullptr if there is none.
[[nodiscard]] const AnyOption* find_option(std::string_view name);
// The name that was probably meant; empty if none is near.
[[nodiscard]] std::string_view near_miss(std::string_view name);

// Not an option like the others, as it says where to look for them.
inline constexpr std::string_view config_name = "config";
inline constexpr std::string_view config_variable = "PARLEY_CONFIG";

}  // namespace parley::config
