#include "net/http_head.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <ctime>

namespace parley::net {
namespace {

using boost::beast::iequals;

bool is_ours(std::string_view name) {
  return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding") ||
         iequals(name, "Connection") || iequals(name, "Keep-Alive") || iequals(name, "Date");
}

// The text of the Date header, made once a second.
std::string_view date() {
  thread_local std::time_t written_for = 0;
  thread_local char text[32];
  const std::time_t now = std::time(nullptr);
  if (now != written_for) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    // Names in English whatever the locale is: nobody sets one in this process.
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    written_for = now;
  }
  return text;
}

std::string_view reason(unsigned status) {
  const std::string_view text(
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status)));
  return text.starts_with('<') ? std::string_view() : text;  // "<unknown-status>"
}

void append_framing(std::string& out, const HeadShape& shape) {
  if (shape.framing == Framing::length)
    append_header(out, "Content-Length", std::to_string(shape.body_bytes));
  if (shape.framing == Framing::chunked) append_header(out, "Transfer-Encoding", "chunked");
  if (shape.persistence == Persistence::close) append_header(out, "Connection", "close");
  if (shape.persistence == Persistence::keep_alive_1_0)
    append_header(out, "Connection", "keep-alive");
}

}  // namespace

void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto append = [&out](std::string_view text) {
    for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  };
  append(name);
  out += ": ";
  append(value);
  out += "\r\n";
}

std::string response_head(const Response& response, const HeadShape& shape) {
  std::string out;
  out.reserve(256);
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += reason(response.status);
  out += "\r\n";
  append_header(out, "Date", date());
  for (const Header& header : response.headers)
    if (!is_ours(header.name)) append_header(out, header.name, header.value);
  append_framing(out, shape);
  out += "\r\n";
  return out;
}

std::optional<std::uint64_t> declared_length(const Response& response) {
  for (const Header& header : response.headers) {
    if (!iequals(header.name, "Content-Length")) continue;
    std::uint64_t bytes = 0;
    const char* end = header.value.data() + header.value.size();
    const auto read = std::from_chars(header.value.data(), end, bytes);
    if (read.ec == std::errc() && read.ptr == end) return bytes;
  }
  return std::nullopt;
}

bool status_has_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace parley::net
