#include "dialects/rest/rest.h"

#include <algorithm>

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

}  // namespace

std::string request_id_of(const net::Request& request, Random& random) {
  if (auto own = request.header("X-Request-Id"); own && plain_token(*own)) return std::string(*own);
  // traceparent: version-traceid-parentid-flags, 2-32-16-2 hex digits.
  if (auto trace = request.header("traceparent");
      trace && trace->size() == 55 && plain_token(*trace))
    return std::string(trace->substr(3, 32));
  return fresh_id(random);
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

void Cors::allow(const net::Request& request, net::Response& response) const {
  auto origin = allowed(request);
  if (!origin) return;
  response.with("Access-Control-Allow-Origin", *origin);
  response.with("Access-Control-Expose-Headers",
                "X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After");
  if (*origin != "*") response.with("Vary", "Origin");
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
  response.with("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  response.with("Access-Control-Allow-Headers",
                "Authorization, Content-Type, Idempotency-Key, X-Act-As, X-Request-Id, "
                "traceparent, Last-Event-ID");
  response.with("Access-Control-Max-Age", "600");
  return response;
}

}  // namespace parley::rest
