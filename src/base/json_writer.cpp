#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

namespace parley {
namespace {

// 0: as it is; 'u': \u00XX; else the letter after the backslash.
constexpr auto escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    char escape = escapes[c];
    if (escape == 0) continue;
    out.append(text, from, i - from);
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += hex[c >> 4];
      out += hex[c & 15];
    }
    from = i + 1;
  }
  out.append(text, from);
  out += '"';
}

void JsonWriter::value(double number) {
  before();
  if (!std::isfinite(number)) {
    out_ += "null";
    return;
  }
  std::array<char, 32> text{};
  auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out_.append(text.data(), end);
}

}  // namespace parley
