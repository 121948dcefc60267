#include "base/time.h"

#include <array>
#include <charconv>

namespace parley {
namespace {

void put(std::string& out, long value, int width) {
  std::array<char, 12> digits{};
  for (int i = width - 1; i >= 0; --i) {
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits.data(), static_cast<std::size_t>(width));
}

// Reads exactly `width` digits at `at`, moving it; -1 where they are not digits.
int take(std::string_view text, std::size_t& at, std::size_t width) {
  if (text.size() < at + width) return -1;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    char c = text[at + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  at += width;
  return value;
}

bool skip(std::string_view text, std::size_t& at, std::string_view one_of) {
  if (at >= text.size() || one_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

// The zone at the end: Z or ±hh:mm.
std::optional<std::chrono::minutes> take_zone(std::string_view text, std::size_t& at) {
  if (skip(text, at, "Zz")) return std::chrono::minutes{0};
  if (at >= text.size()) return std::nullopt;
  int sign = text[at] == '+' ? 1 : text[at] == '-' ? -1 : 0;
  ++at;
  int hours = take(text, at, 2);
  if (sign == 0 || hours < 0 || hours > 23 || !skip(text, at, ":")) return std::nullopt;
  int minutes = take(text, at, 2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  return std::chrono::minutes{sign * (hours * 60 + minutes)};
}

}  // namespace

void append_rfc3339(std::string& out, Time at, int digits) {
  using namespace std::chrono;
  auto day = floor<days>(at);
  year_month_day date{day};
  hh_mm_ss clock{at - day};
  put(out, int{date.year()}, 4);
  out += '-';
  put(out, static_cast<long>(unsigned{date.month()}), 2);
  out += '-';
  put(out, static_cast<long>(unsigned{date.day()}), 2);
  out += 'T';
  put(out, clock.hours().count(), 2);
  out += ':';
  put(out, clock.minutes().count(), 2);
  out += ':';
  put(out, clock.seconds().count(), 2);
  if (digits > 0) {
    out += '.';
    long micros = clock.subseconds().count();
    put(out, digits == 3 ? micros / 1000 : micros, digits);
  }
  out += 'Z';
}

std::string rfc3339(Time at, int digits) {
  std::string out;
  append_rfc3339(out, at, digits);
  return out;
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  std::size_t at = 0;
  int y = take(text, at, 4);
  if (y < 0 || !skip(text, at, "-")) return std::nullopt;
  int mo = take(text, at, 2);
  if (mo < 0 || !skip(text, at, "-")) return std::nullopt;
  int d = take(text, at, 2);
  if (d < 0 || !skip(text, at, "Tt ")) return std::nullopt;
  int h = take(text, at, 2);
  if (h < 0 || h > 23 || !skip(text, at, ":")) return std::nullopt;
  int mi = take(text, at, 2);
  if (mi < 0 || mi > 59 || !skip(text, at, ":")) return std::nullopt;
  int s = take(text, at, 2);
  if (s < 0 || s > 60) return std::nullopt;
  long micros = 0;
  if (at < text.size() && text[at] == '.') {
    long scale = 100000;
    std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      micros += (text[at] - '0') * scale;
    if (at == first) return std::nullopt;
  }
  auto zone = take_zone(text, at);
  year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (!zone || at != text.size() || !date.ok()) return std::nullopt;
  return Time{sys_days{date}} + hours{h} + minutes{mi} + seconds{s} + microseconds{micros} - *zone;
}

}  // namespace parley
