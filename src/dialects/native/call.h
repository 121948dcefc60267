// One REST request on its way through this dialect.
#pragma once

#include <string>

#include "base/json.h"
#include "dialects/native/door.h"
#include "dialects/native/wire.h"

namespace parley::native {

struct Call {
  Door& door;
  net::Request& request;
  rest::Params params;
  engine::Caller caller;
  std::string once{};  // the key under which this is done once; empty: none

  [[nodiscard]] Result<JsonObject> body() const;              // the body as a JSON object
  [[nodiscard]] std::string_view idempotency_key() const;     // of the header; empty: none
  [[nodiscard]] Result<ConversationId> conversation() const;  // the first parameter
};

using Answer = Result<net::Response>;
// A coroutine; the Call outlives it.
using RouteFn = Task<Answer> (*)(Call&);

enum class Access : std::uint8_t { open, with_token };
// Whose affair the caller's idempotency key is.
enum class Keys : std::uint8_t { kept_here, its_own };
struct Route {
  RouteFn run = nullptr;
  Access access = Access::with_token;
  Keys keys = Keys::kept_here;
};
using Routes = rest::Router<Route>;

void add_system_routes(Routes& routes);
void add_conversation_routes(Routes& routes);
void add_member_routes(Routes& routes);
void add_addition_routes(Routes& routes);
void add_message_routes(Routes& routes);
void add_admin_routes(Routes& routes);
void add_notification_routes(Routes& routes);
void add_people_routes(Routes& routes);
void add_export_routes(Routes& routes);
void add_file_routes(Routes& routes);
void add_profile_routes(Routes& routes);
void add_search_routes(Routes& routes);
void add_sync_routes(Routes& routes);

// Whether this is the route whose body is taken as it comes.
[[nodiscard]] bool takes_a_file(const net::Request& head);

[[nodiscard]] net::Response json_answer(unsigned status, std::string body);
[[nodiscard]] net::Response nothing_to_say();  // 204
[[nodiscard]] net::Response problem(const Error& error, std::string_view request_id);
// {"items":[…],"next":…}; an empty token: null.
template <class Items>
[[nodiscard]] std::string page_json(const Items& items, const std::string& next) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("items");
  json.open_list();
  for (const auto& item : items) write(json, item);
  json.close_list();
  if (next.empty())
    json.null_field("next");
  else
    json.field("next", next);
  json.close();
  return out;
}

// Answers that frames and REST share.
[[nodiscard]] std::string history_page(const std::vector<Message>& messages,
                                       const engine::HistoryQuery& query, const UserId& viewer);
[[nodiscard]] std::string messages_json(const std::vector<Message>& messages,
                                        const std::string& next, const UserId& viewer);
[[nodiscard]] std::string read_answer(const Pointer& pointer);

}  // namespace parley::native
