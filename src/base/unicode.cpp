#include "base/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace parley {
namespace {

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

CharacterKind kind_of_ascii(char c) {
  const bool alphanumeric =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric ? CharacterKind::letter : CharacterKind::between_words;
}

std::string mapped(std::string_view utf8, unsigned options) {
  utf8proc_uint8_t* made = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()),
                                             static_cast<utf8proc_ssize_t>(utf8.size()), &made,
                                             static_cast<utf8proc_option_t>(options));
  std::string out =
      size < 0 ? std::string(utf8)
               : std::string(reinterpret_cast<const char*>(made), static_cast<std::size_t>(size));
  std::free(made);
  return out;
}

struct Range {
  utf8proc_int32_t first, last;
};
// Scripts that put no spaces between words: Thai, Lao, Tibetan, Burmese, Khmer; kana; Han.
constexpr std::array<Range, 9> without_spaces{{{0x0E00, 0x0EFF},
                                               {0x0F00, 0x0FFF},
                                               {0x1000, 0x109F},
                                               {0x1780, 0x17FF},
                                               {0x2E80, 0x2FDF},
                                               {0x3005, 0x30FF},
                                               {0x3400, 0x9FFF},
                                               {0xF900, 0xFAFF},
                                               {0x20000, 0x3FFFF}}};

CharacterKind kind_of(utf8proc_int32_t point) {
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_SO:
      return CharacterKind::word_by_itself;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: {
      const bool alone = std::ranges::any_of(without_spaces, [&](const Range& range) {
        return point >= range.first && point <= range.last;
      });
      return alone ? CharacterKind::word_by_itself : CharacterKind::letter;
    }
    default:
      return CharacterKind::between_words;
  }
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::ranges::none_of(text,
                              [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; });
}

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

bool has_blank(std::string_view utf8) {
  const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  auto left = static_cast<utf8proc_ssize_t>(utf8.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t taken = utf8proc_iterate(at, left, &point);
    if (taken <= 0) return false;
    switch (utf8proc_category(point)) {
      case UTF8PROC_CATEGORY_CC:
      case UTF8PROC_CATEGORY_ZS:
      case UTF8PROC_CATEGORY_ZL:
      case UTF8PROC_CATEGORY_ZP:
        return true;
      default:
        break;
    }
    at += taken;
    left -= taken;
  }
  return false;
}

void each_character(std::string_view utf8,
                    const std::function<void(std::size_t, std::size_t, CharacterKind)>& see) {
  if (is_ascii(utf8)) {  // the two of a line's end, apart here, only part words
    for (std::size_t i = 0; i < utf8.size(); ++i) see(i, i + 1, kind_of_ascii(utf8[i]));
    return;
  }
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  std::size_t at = 0, begin = 0;
  utf8proc_int32_t before = -1, state = 0;
  CharacterKind kind = CharacterKind::between_words;
  while (at < utf8.size()) {
    utf8proc_int32_t now = 0;
    const utf8proc_ssize_t taken =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(utf8.size() - at), &now);
    if (taken <= 0) break;  // no UTF-8: the rest is nothing
    if (before == -1 || utf8proc_grapheme_break_stateful(before, now, &state) != 0) {
      if (before != -1) see(begin, at, kind);
      begin = at;
      kind = kind_of(now);
    }
    before = now;
    at += static_cast<std::size_t>(taken);
  }
  if (before != -1) see(begin, at, kind);
}

void each_code_point(std::string_view utf8,
                     const std::function<void(std::size_t, std::size_t, CharacterKind)>& see) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  for (std::size_t at = 0; at < utf8.size();) {
    if ((static_cast<unsigned char>(utf8[at]) & 0x80) == 0) {
      see(at, at + 1, kind_of_ascii(utf8[at]));
      ++at;
      continue;
    }
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t taken =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(utf8.size() - at), &point);
    if (taken <= 0) return;
    const std::size_t upto = at + static_cast<std::size_t>(taken);
    see(at, upto, kind_of(point));
    at = upto;
  }
}

std::string fold_for_search(std::string_view utf8) {
  if (is_ascii(utf8)) return lower_ascii(utf8);
  std::string folded = mapped(utf8, UTF8PROC_CASEFOLD | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
                                        UTF8PROC_STRIPMARK | UTF8PROC_IGNORE);
  // Which way an emoji is drawn is not what it says.
  constexpr std::string_view selector = "\uFE0F";
  for (auto found = folded.find(selector); found != std::string::npos;
       found = folded.find(selector, found))
    folded.erase(found, selector.size());
  return folded;
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
  if (is_ascii(utf8)) return lower_ascii(utf8);
  return mapped(utf8, UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE);
}

}  // namespace parley
