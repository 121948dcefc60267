#include "app/config/units.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

namespace parley::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr auto sizes = std::to_array<Unit>({
    {"GiB", 1ULL << 30},
    {"MiB", 1ULL << 20},
    {"KiB", 1ULL << 10},
    {"GB", 1'000'000'000},
    {"MB", 1'000'000},
    {"KB", 1'000},
    {"B", 1},
    {"", 1},
});

constexpr auto times = std::to_array<Unit>({
    {"d", 86'400'000},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1'000},
    {"ms", 1},
});

bool same_letters(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// A whole number and one of the units behind it, multiplied.
template <std::size_t count>
std::optional<std::uint64_t> parse_with(const std::array<Unit, count>& units,
                                        std::string_view text) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (!same_letters(unit.name, rest)) continue;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (number > most / unit.size) return std::nullopt;
    return number * unit.size;
  }
  return std::nullopt;
}

template <std::size_t count>
std::string show_with(const std::array<Unit, count>& units, std::uint64_t number) {
  for (const Unit& unit : units)
    if (number >= unit.size && number % unit.size == 0)
      return std::to_string(number / unit.size) + std::string(unit.name);
  return std::to_string(number) + std::string(units.back().name);
}

std::unexpected<Error> wrong(std::string what) { return fail(Code::bad_request, std::move(what)); }

}  // namespace

Result<std::size_t> parse_bytes(std::string_view text) {
  auto bytes = parse_with(sizes, text);
  if (!bytes) return wrong("is not a size; write it like 64KiB, 1MiB or 1048576");
  return *bytes;
}

std::string show_bytes(std::size_t bytes) {
  // Never in thousands: what was written as 1MiB comes back as that.
  static constexpr auto shown = std::to_array<Unit>({sizes[0], sizes[1], sizes[2], sizes[6]});
  return show_with(shown, bytes);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  auto ms = parse_with(times, text);
  if (!ms) return wrong("is not a duration; write it with its unit, like 250ms, 10s, 2m or 24h");
  return std::chrono::milliseconds{static_cast<std::int64_t>(*ms)};
}

std::string show_duration(std::chrono::milliseconds duration) {
  return show_with(times, static_cast<std::uint64_t>(duration.count()));
}

Result<std::size_t> parse_count(std::string_view text) {
  std::size_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    return wrong("is not a whole number");
  return number;
}

}  // namespace parley::config
