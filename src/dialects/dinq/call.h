// One REST request on its way through this dialect.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/json_writer.h"
#include "dialects/dinq/door.h"
#include "dialects/rest/rest.h"

namespace parley::dinq {

using Answer = Result<net::Response>;

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

struct Page {
  std::size_t limit = 0;
  std::size_t offset = 0;
};
// Junk is passed over for the default, as clients of the original rely on.
[[nodiscard]] Page page_of(const Call& call, std::size_t fallback);

// A coroutine; the Call outlives it.
using RouteFn = Task<Answer> (*)(Call&);
enum class Access : std::uint8_t { open, user, admin };
struct Route {
  RouteFn run = nullptr;
  Access access = Access::user;
};
using Routes = rest::Router<Route>;

// Under /api/v1 and /api.
void add_api(Routes& routes, std::string_view method, const std::string& path, RouteFn run);
// Under /api/admin and /api/v1/admin.
void add_admin(Routes& routes, std::string_view method, const std::string& path, RouteFn run);

void add_system_routes(Routes& routes);
void add_list_routes(Routes& routes);
void add_conversation_routes(Routes& routes);
void add_group_routes(Routes& routes);
void add_message_routes(Routes& routes);
void add_file_routes(Routes& routes);
void add_people_routes(Routes& routes);
void add_notification_routes(Routes& routes);
void add_admin_routes(Routes& routes);

// Whether this is the route whose body is taken as it comes.
[[nodiscard]] bool takes_a_file(const net::Request& head);

// {"code":0,"message":"success","data":{…}}
[[nodiscard]] net::Response success(const std::function<void(JsonWriter&)>& data);
// An action that has nothing to show.
[[nodiscard]] net::Response done(std::string_view text);
[[nodiscard]] net::Response plain_json(std::string body);
[[nodiscard]] net::Response refusal(const Error& error);

}  // namespace parley::dinq
