#include "base/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>

namespace parley {

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_one_character(std::string_view utf8) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  auto left = static_cast<utf8proc_ssize_t>(utf8.size());
  utf8proc_int32_t before = -1, state = 0;
  while (left > 0) {
    utf8proc_int32_t now = 0;
    const utf8proc_ssize_t taken = utf8proc_iterate(at, left, &now);
    if (taken <= 0) return false;
    if (before != -1 && utf8proc_grapheme_break_stateful(before, now, &state) != 0) return false;
    before = now;
    at += taken;
    left -= taken;
  }
  return before != -1;
}

std::string without_controls(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    const bool line = byte == '\t' || byte == '\n' || byte == '\r';
    if (byte < 0x20 && !line) continue;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xC2 && at + 1 < utf8.size() && static_cast<unsigned char>(utf8[at + 1]) < 0xA0) {
      ++at;
      continue;
    }
    out += utf8[at];
  }
  return out;
}

std::string fold_case(std::string_view utf8) {
  utf8proc_uint8_t* folded = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
      static_cast<utf8proc_ssize_t>(utf8.size()), &folded,
      static_cast<utf8proc_option_t>(UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  std::string out =
      size < 0 ? std::string(utf8)
               : std::string(reinterpret_cast<const char*>(folded), static_cast<std::size_t>(size));
  std::free(folded);
  return out;
}

}  // namespace parley
