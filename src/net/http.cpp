#include "net/http.h"

#include <simdjson.h>

#include <boost/beast/core/string.hpp>

namespace parley::net {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus { itself, space };

// False where an escape is broken; it then stands in `out` as it was written.
bool percent_decode(std::string_view text, Plus plus, std::string& out) {
  bool fine = true;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      out += ' ';
      continue;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      fine = false;
      out += '%';
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return fine;
}

std::string query_text(std::string_view text) {
  std::string out;
  percent_decode(text, Plus::space, out);
  return out;
}

}  // namespace

Query::Query(std::string_view raw) {
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : "";
    pairs_.emplace_back(query_text(pair.substr(0, equals)), query_text(value));
  }
}

std::optional<std::string_view> Query::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_)
    if (key == name) return value;
  return std::nullopt;
}

bool is_named(const Header& header, std::string_view name) {
  return boost::beast::iequals(header.name, name);
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const Header& header : headers)
    if (is_named(header, name)) return header.value;
  return std::nullopt;
}

std::optional<std::string> decode_segment(std::string_view segment) {
  std::string out;
  if (!percent_decode(segment, Plus::itself, out)) return std::nullopt;
  if (!simdjson::validate_utf8(out.data(), out.size())) return std::nullopt;
  return out;
}

}  // namespace parley::net
