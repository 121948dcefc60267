// One REST request on its way through this dialect.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/json_writer.h"
#include "dialects/echo/door.h"
#include "dialects/echo/fields.h"
#include "dialects/rest/rest.h"

namespace parley::echo {

struct Reply {
  unsigned status = 200;
  std::string message;
  std::string data;   // JSON; empty: there is nothing to say
  std::string plain;  // instead of all that: a text of another kind
};
using Answer = Result<Reply>;

struct Call {
  Door& door;
  net::Request& request;
  rest::Params params;
  UserId user;

  [[nodiscard]] Result<JsonObject> body() const;
  [[nodiscard]] engine::Caller caller() const { return door.caller(user); }
  [[nodiscard]] std::optional<std::string_view> query(std::string_view name) const {
    return request.query.get(name);
  }
};

inline constexpr std::size_t participants_max = 5'000;

// Who may not know of a conversation hears of it and of none the same.
[[nodiscard]] Error as_stranger(Error error);

// 1 to 100; anything else is refused.
[[nodiscard]] Result<std::size_t> limit_of(const Call& call, std::size_t fallback);
[[nodiscard]] Result<std::size_t> number_of(const Call& call, std::string_view name,
                                            std::string_view field, std::size_t fallback,
                                            std::size_t least, std::size_t most);

// A coroutine; the Call outlives it.
using RouteFn = Task<Answer> (*)(Call&);
enum class Access : std::uint8_t { open, caller };
struct Route {
  RouteFn run = nullptr;
  Access access = Access::caller;
};

// The gateway's addresses are bare at the root, where an id must be one: any other word there names nothing.
class Routes {
 public:
  void add(std::string_view method, std::string_view pattern, Route route);
  [[nodiscard]] Result<rest::Router<Route>::Match> find(std::string_view method,
                                                        std::string_view path) const;

 private:
  rest::Router<Route> named_, bare_;
};

void add_system_routes(Routes& routes);
void add_conversation_routes(Routes& routes);
void add_message_routes(Routes& routes);
void add_addition_routes(Routes& routes);

[[nodiscard]] Reply good(unsigned status, std::string message,
                         const std::function<void(JsonWriter&)>& data);

// What the error object says of each kind.
struct Kind {
  unsigned status;
  std::string_view code, type;
};
[[nodiscard]] Kind kind_of(const Error& error);

}  // namespace parley::echo
