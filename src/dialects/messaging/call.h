// One REST request on its way through this dialect.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "dialects/messaging/wire.h"
#include "dialects/rest/rest.h"

namespace parley::messaging {

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

// What a body or a frame says, which may stand in either of two places; each field where the second has it, else in the
// first.
class Fields {
 public:
  explicit Fields(JsonObject beside, JsonObject inside = {})
      : beside_(std::move(beside)), inside_(std::move(inside)) {}
  [[nodiscard]] const JsonObject& with(std::string_view name) const {
    return inside_.has(name) ? inside_ : beside_;
  }
  [[nodiscard]] Result<std::optional<std::string_view>> text(std::string_view name) const {
    return with(name).text(name);
  }
  [[nodiscard]] const JsonObject& inside() const { return inside_; }

 private:
  JsonObject beside_, inside_;
};

inline constexpr std::size_t members_max = 5'000;

struct Page {
  std::size_t limit = 0;
  std::size_t offset = 0;
};
// Junk, zero and negative numbers are passed over for the default; what is above the maximum is cut to it.
[[nodiscard]] Page page_of(const Call& call, std::size_t fallback);

template <class T>
[[nodiscard]] Result<T> id_of(std::string_view text) {
  auto uuid = read_uuid(text);
  if (!uuid) return fail(Code::bad_request, "an id must be a UUID");
  return T::parse(*uuid).value_or(T{});
}
[[nodiscard]] Result<UserId> user_of(std::string_view text);

// A coroutine; the Call outlives it.
using RouteFn = Task<Answer> (*)(Call&);
enum class Access : std::uint8_t { open, caller };
struct Route {
  RouteFn run = nullptr;
  Access access = Access::caller;
};
using Routes = rest::Router<Route>;

void add_conversation_routes(Routes& routes);
void add_message_routes(Routes& routes);
void add_file_routes(Routes& routes);
void add_people_routes(Routes& routes);

// Whether this is the route whose body is taken as it comes.
[[nodiscard]] bool takes_a_file(const net::Request& head);

[[nodiscard]] net::Response answer_with(unsigned status,
                                        const std::function<void(JsonWriter&)>& body);
[[nodiscard]] net::Response done();
[[nodiscard]] net::Response refusal(const Error& error);

// What is gone is as if it had never been.
[[nodiscard]] Task<Result<Message>> living_message(Door& door, engine::Caller caller, MessageId id);
// A new message, from REST or a frame.
[[nodiscard]] Result<engine::SendMessage> new_message(const Fields& fields, ConversationId where,
                                                      std::string_view type);
// What is too long here is a bad request; who is not in the conversation is told so.
[[nodiscard]] Error send_refused(Error error);
// Who is not in the conversation may not write or read there: that it exists is no secret of theirs to keep.
[[nodiscard]] Error as_forbidden(Error error);

}  // namespace parley::messaging
