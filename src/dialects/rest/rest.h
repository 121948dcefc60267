// dialects/rest: what the REST halves of all dialects share: routes, request ids, CORS.
//
// Knows:     methods, paths, headers.
// Does not:  any dialect's words; rules.
// In:        requests from net.   Out: the route that fits, with the path's parameters decoded.
// Lives on:  a loop; the tables never change once made.
// Failing:   an unknown path is not_found, a known one with another method method_not_allowed (with Allow).
// Start at:  Router.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/rate_limit.h"
#include "base/result.h"
#include "net/http.h"

namespace parley::rest {

// The caller's own id for this request (X-Request-Id, else the trace id of traceparent), else a fresh one.
[[nodiscard]] std::string request_id_of(const net::Request& request, Random& random);

// Of "Authorization: Bearer TOKEN", the scheme without regard to case.
[[nodiscard]] std::optional<std::string> bearer_token(const net::Request& request);
// Where a browser puts it, which can't set headers for a WebSocket: ?token=TOKEN, or the subprotocol bearer.TOKEN.
[[nodiscard]] std::optional<std::string> handshake_token(const net::Request& request);
// Where the two may put it: the header, else (of a WebSocket) the handshake. A header with no token in it is none.
[[nodiscard]] std::optional<std::string> token_of(const net::Request& request);
// Retry-After, for a refusal that passes by itself.
void say_when_again(net::Response& response, const Error& error);
// X-RateLimit-Limit, -Remaining and -Reset; nothing where there is no limit.
void show_limits(net::Response& response, const RateLimiter::Verdict& verdict, Time now);
// Of a query: digits and nothing else; anything else is no number.
[[nodiscard]] std::optional<std::size_t> whole_number(std::optional<std::string_view> text);
// Whether that subprotocol is among those offered.
[[nodiscard]] bool offers_subprotocol(const net::Request& request, std::string_view name);

// Which origins may call from a browser. "*" allows all, without credentials.
class Cors {
 public:
  enum class Credentials : std::uint8_t { never, where_named };
  explicit Cors(std::vector<std::string> origins, Credentials credentials = Credentials::never)
      : origins_(std::move(origins)), credentials_(credentials) {}
  // Headers of this wire's own that a page may send, and that it may see: "X-One, X-Two".
  void own_headers(std::string_view sent, std::string_view shown);
  // The answer to a preflight, if the request is one.
  [[nodiscard]] std::optional<net::Response> preflight(const net::Request& request) const;
  void allow(const net::Request& request, net::Response& response) const;
  // Not from a browser, or from a page that may call.
  [[nodiscard]] bool lets_in(const net::Request& request) const;

 private:
  [[nodiscard]] std::optional<std::string> allowed(const net::Request& request) const;
  std::vector<std::string> origins_;
  Credentials credentials_;
  std::string sent_{
      "Authorization, Content-Type, Idempotency-Key, X-Act-As, X-Request-Id, traceparent, "
      "Last-Event-ID"};
  std::string shown_{
      "X-Request-Id, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After"};
};

using Params = std::vector<std::string>;  // the {…} of a pattern, decoded, in order

template <class Target>
class Router {
 public:
  // "/v1/messages/{id}/edits"
  void add(std::string_view method, std::string_view pattern, Target target);

  struct Match {
    const Target* target = nullptr;
    Params params;
  };
  // HEAD finds what GET does. An Error's detail for method_not_allowed is the Allow header.
  [[nodiscard]] Result<Match> find(std::string_view method, std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  // "{}" stands for any
    Target target;
  };
  std::vector<Route> routes_;
};

// The answer where find() found nothing, in the wire's own words; it says which methods there are.
template <class Refuse>
[[nodiscard]] net::Response unrouted(const Error& unmatched, Refuse refuse) {
  if (unmatched.code != Code::method_not_allowed) return refuse(unmatched);
  net::Response response =
      refuse(Error{Code::method_not_allowed, "this path does not take that method", {}});
  response.with("Allow", unmatched.detail);
  return response;
}

// What is asked for without an upgrade, at the place of the WebSocket, by who may open one.
[[nodiscard]] inline Error no_upgrade() {
  return {Code::bad_request, "this is where a WebSocket is opened", {}};
}

[[nodiscard]] std::vector<std::string_view> split_path(std::string_view path);

template <class Target>
void Router<Target>::add(std::string_view method, std::string_view pattern, Target target) {
  Route route{std::string(method), {}, std::move(target)};
  for (std::string_view segment : split_path(pattern))
    route.segments.emplace_back(segment.starts_with('{') ? std::string_view("{}") : segment);
  routes_.push_back(std::move(route));
}

template <class Target>
Result<typename Router<Target>::Match> Router<Target>::find(std::string_view method,
                                                            std::string_view path) const {
  auto segments = split_path(path);
  std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::string allow;
  for (const Route& route : routes_) {
    if (route.segments.size() != segments.size()) continue;
    Match match;
    bool fits = true;
    for (std::size_t i = 0; fits && i < segments.size(); ++i) {
      if (route.segments[i] != "{}") {
        fits = route.segments[i] == segments[i];
        continue;
      }
      auto text = net::decode_segment(segments[i]);
      fits = text.has_value() && !text->empty();
      if (fits) match.params.push_back(std::move(*text));
    }
    if (!fits) continue;
    if (route.method == wanted) {
      match.target = &route.target;
      return match;
    }
    allow += (allow.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
  }
  if (!allow.empty()) return fail(Code::method_not_allowed, allow);
  return fail(Code::not_found, "there is nothing at this path");
}

}  // namespace parley::rest
