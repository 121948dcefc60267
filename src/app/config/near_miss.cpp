#include <algorithm>
#include <numeric>

#include "app/config/options.h"

namespace parley::config {
namespace {

// How many letters were left out, added, changed or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(now);
  }
  return last.back();
}

}  // namespace

std::string_view near_miss(std::string_view name) {
  constexpr std::size_t name_max = 64;
  if (name.size() > name_max) return {};
  std::string_view best;
  std::size_t nearest = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const AnyOption* option : all_options()) {
    std::size_t far = distance(name, option->name());
    if (far < nearest) {
      nearest = far;
      best = option->name();
    }
  }
  if (!best.empty() || name.size() < 3) return best;
  for (const AnyOption* option : all_options())  // "cert" is short for something
    if (option->name().find(name) != std::string_view::npos) return option->name();
  return {};
}

}  // namespace parley::config
