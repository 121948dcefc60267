#include "dialects/rest/rest.h"

#include <algorithm>
#include <charconv>

namespace parley::rest {
namespace {

bool plain_token(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '\\';
  });
}

std::string fresh_id(Random& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id;
  std::uint64_t bits = random.next();
  for (int i = 0; i < 16; ++i, bits >>= 4) id += digits[bits & 15];
  return id;
}

std::vector<std::string_view> subprotocols(const net::Request& request) {
  std::vector<std::string_view> all;
  auto header = request.header("Sec-WebSocket-Protocol");
  for (std::string_view left = header.value_or(std::string_view{}); !left.empty();) {
    const auto comma = left.find(',');
    std::string_view one = left.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    all.push_back(one);
    left.remove_prefix(comma == std::string_view::npos ? left.size() : comma + 1);
  }
  return all;
}

}  // namespace

std::string request_id_of(const net::Request& request, Random& random) {
  if (auto own = request.header("X-Request-Id"); own && plain_token(*own)) return std::string(*own);
  // traceparent: version-traceid-parentid-flags, 2-32-16-2 hex digits.
  if (auto trace = request.header("traceparent");
      trace && trace->size() == 55 && plain_token(*trace))
    return std::string(trace->substr(3, 32));
  return fresh_id(random);
}

std::optional<std::string> bearer_token(const net::Request& request) {
  constexpr std::string_view scheme = "bearer ";
  auto header = request.header("Authorization");
  if (!header || header->size() <= scheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < scheme.size(); ++i)
    if (std::tolower(static_cast<unsigned char>((*header)[i])) != scheme[i]) return std::nullopt;
  return std::string(header->substr(scheme.size()));
}

std::optional<std::string> handshake_token(const net::Request& request) {
  if (auto token = request.query.get("token")) return std::string(*token);
  constexpr std::string_view mark = "bearer.";
  for (std::string_view one : subprotocols(request))
    if (one.starts_with(mark)) return std::string(one.substr(mark.size()));
  return std::nullopt;
}

std::optional<std::string> token_of(const net::Request& request) {
  if (request.header("Authorization")) return bearer_token(request);
  return request.header("Upgrade") ? handshake_token(request) : std::nullopt;
}

void say_when_again(net::Response& response, const Error& error) {
  if (error.code != Code::rate_limited && error.code != Code::unavailable) return;
  const auto wait = std::chrono::ceil<std::chrono::seconds>(
      std::max(error.retry_after, std::chrono::milliseconds{1}));
  response.with("Retry-After", std::to_string(wait.count()));
}

void show_limits(net::Response& response, const RateLimiter::Verdict& verdict, Time now) {
  if (verdict.limit == 0) return;
  const Time full = now + std::chrono::ceil<std::chrono::seconds>(verdict.until_full);
  response.with("X-RateLimit-Limit", std::to_string(verdict.limit));
  response.with("X-RateLimit-Remaining", std::to_string(verdict.remaining));
  response.with(
      "X-RateLimit-Reset",
      std::to_string(std::chrono::floor<std::chrono::seconds>(full).time_since_epoch().count()));
}

std::optional<std::size_t> whole_number(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  const bool whole = error == std::errc{} && end == text->data() + text->size();
  return whole ? std::optional{value} : std::nullopt;
}

bool offers_subprotocol(const net::Request& request, std::string_view name) {
  const auto offered = subprotocols(request);
  return std::ranges::find(offered, name) != offered.end();
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    auto slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

std::optional<std::string> Cors::allowed(const net::Request& request) const {
  auto origin = request.header("Origin");
  if (!origin) return std::nullopt;
  if (std::ranges::find(origins_, "*") != origins_.end()) return "*";
  if (std::ranges::find(origins_, *origin) != origins_.end()) return std::string(*origin);
  return std::nullopt;
}

void Cors::own_headers(std::string_view sent, std::string_view shown) {
  sent_.append(", ").append(sent);
  shown_.append(", ").append(shown);
}

void Cors::allow(const net::Request& request, net::Response& response) const {
  auto origin = allowed(request);
  if (!origin) return;
  response.with("Access-Control-Allow-Origin", *origin);
  response.with("Access-Control-Expose-Headers", shown_);
  if (*origin == "*") return;
  response.with("Vary", "Origin");
  if (credentials_ == Credentials::where_named)
    response.with("Access-Control-Allow-Credentials", "true");
}

bool Cors::lets_in(const net::Request& request) const {
  return !request.header("Origin") || allowed(request);
}

std::optional<net::Response> Cors::preflight(const net::Request& request) const {
  if (request.method != "OPTIONS" || !request.header("Access-Control-Request-Method"))
    return std::nullopt;
  net::Response response;
  response.status = 204;
  if (!allowed(request)) return response;
  allow(request, response);
  response.with("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  response.with("Access-Control-Allow-Headers", sent_);
  response.with("Access-Control-Max-Age", "600");
  return response;
}

}  // namespace parley::rest
