// Messages: sending, and what has been said.
#include <algorithm>

#include "base/unicode.h"
#include "dialects/rtchat/call.h"

namespace parley::rtchat {
namespace {

constexpr std::size_t key_max = 128;
constexpr std::size_t page_fallback = 50;
constexpr std::size_t page_max = 100;

bool is_in(const UserId& user, const Participants& channel) {
  return std::ranges::binary_search(channel, user);
}

Result<Participants> channel_in(const JsonObject& body) {
  auto named = body.texts("participants");
  if (!named || !*named) return fail(Code::bad_request, "participants must be a list of user ids");
  return normal_form(**named);
}

Result<pending::Post> new_post(Call& call) {
  TRY(body, call.body());
  auto content = body.text("content");
  if (!content || !*content) return fail(Code::bad_request, "content must be a text");
  pending::Post post;
  post.sender = call.user;
  TRY(channel, channel_in(body));
  post.people = std::move(channel);
  // Of what it asks for only the shape has been looked at: who may not write there learns nothing else.
  if (!is_in(call.user, post.people))
    return fail(Code::forbidden, "you are not one of the participants");
  post.text = without_controls(**content);
  if (post.text.empty()) return fail(Code::bad_request, "content is empty");
  const std::size_t bytes_max = call.door.shared.content_bytes_max;
  if (post.text.size() > bytes_max)
    return fail(Code::too_large, "content has more than " + std::to_string(bytes_max) + " bytes");
  if (auto key = call.request.header("Idempotency-Key")) {
    if (key->empty() || key->size() > key_max)
      return fail(Code::bad_request, "Idempotency-Key is 1 to 128 bytes");
    post.once = std::string(*key);
  }
  post.fresh = channel_id(post.people);
  return post;
}

Task<Answer> send(Call& call) {
  CO_TRY(post, new_post(call));
  CO_TRY_DO(call.admit());
  auto accepted = co_await call.door.shared.pending->accept(std::move(post));
  if (!accepted && accepted.error().code == Code::not_found)
    co_return Error{Code::forbidden, "you are no longer in this channel", {}};
  CO_TRY(done, std::move(accepted));
  co_return answer_with(202, [&](JsonWriter& json) {
    json.open();
    json.field("status", "message queued");
    json.field("id", hex24(done.id.bytes));
    json.field("created_at", done.at);
    json.close();
  });
}

// One parameter is a list with commas in it; of several, each is one id, commas and all.
Result<Participants> channel_asked_for(const net::Request& request) {
  std::vector<std::string_view> given, named;
  for (const auto& [name, value] : request.query.all())
    if (name == "participants") given.push_back(value);
  if (given.size() > 1) return normal_form(given);
  for (std::string_view left = given.empty() ? std::string_view{} : given.front(); !left.empty();) {
    const auto comma = left.find(',');
    const std::string_view one = left.substr(0, comma);
    if (one.find_first_not_of(" \t\n\v\f\r") != std::string_view::npos) named.push_back(one);
    left.remove_prefix(comma == std::string_view::npos ? left.size() : comma + 1);
  }
  return normal_form(named);
}

Result<engine::HistoryQuery> page_of(const net::Request& request) {
  engine::HistoryQuery query;
  query.only_living = true;
  // Junk, like what no number can hold, is as if it were not there.
  const std::size_t size = rest::whole_number(request.query.get("size")).value_or(0);
  query.limit = size == 0 ? page_fallback : std::min(size, page_max);
  const std::size_t page = rest::whole_number(request.query.get("page")).value_or(0);
  query.offset = page > SIZE_MAX / query.limit ? SIZE_MAX : page * query.limit;
  return query;
}

Task<Answer> history(Call& call) {
  CO_TRY(channel, channel_asked_for(call.request));
  CO_TRY(query, page_of(call.request));
  std::vector<Message> messages;
  // Of a channel that the caller is not in there is none of theirs.
  CO_TRY(where, co_await call.door.engine.of_exactly(call.caller(), channel));
  if (auto cut = call.request.query.get("before"); cut && where) {
    auto id = MessageId::parse(*cut);
    if (!id) co_return Error{Code::bad_request, "before must be a message's id", {}};
    auto last = co_await call.door.engine.message(call.caller(), *id);
    if (!last || last->conversation != *where)
      co_return Error{Code::bad_request, "before must be a message of this channel", {}};
    query.mode = engine::HistoryQuery::Mode::before;
    query.seq = last->seq;
    query.offset = 0;
  }
  if (where) {
    auto found = co_await call.door.engine.history(call.caller(), *where, query);
    if (found)
      messages = std::move(*found);
    else if (found.error().code != Code::not_found)
      co_return std::move(found).error();
  }
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open_list();
    for (const Message& one : messages) write_message(json, one, channel);
    json.close_list();
  });
}

}  // namespace

void add_message_routes(Routes& routes) {
  routes.add("POST", "/api/messages", {send, Access::caller_unadmitted});
  routes.add("GET", "/api/messages/get", {history});
}

}  // namespace parley::rtchat
