// One REST request on its way through this dialect.
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "dialects/rest/rest.h"
#include "dialects/rtchat/wire.h"

namespace parley::rtchat {

using Answer = Result<net::Response>;

struct Call {
  Door& door;
  net::Request& request;
  rest::Params params;
  UserId user;

  // Lives as long as the call.
  [[nodiscard]] Result<JsonObject> body();
  [[nodiscard]] engine::Caller caller() const { return door.caller(user); }
  // Takes one of the caller's requests, if they have one left.
  [[nodiscard]] Result<void> admit() const;
};

// A coroutine; the Call outlives it.
using RouteFn = Task<Answer> (*)(Call&);
// Whoever has looked at what they ask for takes their requests by themselves.
enum class Access : std::uint8_t { open, caller, caller_unadmitted };
struct Route {
  RouteFn run = nullptr;
  Access access = Access::caller;
};
using Routes = rest::Router<Route>;

void add_message_routes(Routes& routes);
void add_people_routes(Routes& routes);
void add_system_routes(Routes& routes);

[[nodiscard]] net::Response answer_with(unsigned status,
                                        const std::function<void(JsonWriter&)>& body);
[[nodiscard]] net::Response refusal(const Error& error);

}  // namespace parley::rtchat
