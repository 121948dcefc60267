// One REST request on its way through this dialect.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "dialects/pulse/wire.h"
#include "dialects/rest/rest.h"

namespace parley::pulse {

using Answer = Result<net::Response>;

struct Call {
  Door& door;
  net::Request& request;
  rest::Params params;
  UserId user;

  // Lives as long as the call.
  [[nodiscard]] Result<JsonObject> body();
  [[nodiscard]] engine::Caller caller() const { return door.caller(user); }
};

struct Page {
  std::size_t limit = 0;
  std::size_t offset = 0;
};
// Junk, zero, and more than the most give the default, as clients of the original rely on.
[[nodiscard]] Page page_of(const net::Request& request);

template <class T>
[[nodiscard]] Result<T> id_of(std::string_view text) {
  auto id = read_id(text);
  if (!id) return fail(Code::bad_request, "an id is 24 hex digits");
  return T{*id};
}

// A coroutine; the Call outlives it.
using RouteFn = Task<Answer> (*)(Call&);
enum class Access : std::uint8_t { open, caller };
struct Route {
  RouteFn run = nullptr;
  std::string endpoint;  // the pattern, as the figures name it
  Access access = Access::caller;
};
using Routes = rest::Router<Route>;

void add_conversation_routes(Routes& routes);
void add_message_routes(Routes& routes);
void add_system_routes(Routes& routes);
// "/api/messages/{id}/read" is shown as "/api/messages/:id/read".
void add_route(Routes& routes, std::string_view method, std::string_view pattern, RouteFn run,
               Access access = Access::caller);

[[nodiscard]] net::Response answer_with(unsigned status,
                                        const std::function<void(JsonWriter&)>& body);
// {"data":…}
[[nodiscard]] net::Response data(unsigned status, const std::function<void(JsonWriter&)>& what);
// {"message":…}
[[nodiscard]] net::Response done(std::string_view text);
[[nodiscard]] net::Response refusal(const Error& error);

}  // namespace parley::pulse
