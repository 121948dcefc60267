// Messages: sending, reading, and what has been said.
#include <algorithm>

#include "base/unicode.h"
#include "dialects/pulse/call.h"
#include "dialects/pulse/figures.h"

namespace parley::pulse {
namespace {

constexpr std::size_t key_max = 128;

Result<std::vector<Mention>> mentions_in(const JsonObject& body) {
  std::vector<Mention> mentions;
  TRY(named, body.texts("mentions"));
  for (std::string_view one : named.value_or(std::vector<std::string_view>{})) {
    UserId user{std::string(one)};
    if (!user.empty() && std::ranges::find(mentions, user, &Mention::user) == mentions.end())
      mentions.push_back({std::move(user), 0, 0});
  }
  return mentions;
}

Result<engine::SendMessage> new_message(const net::Request& request, const JsonObject& body) {
  engine::SendMessage command;
  TRY(content, body.text("content"));
  if (!content) return fail(Code::bad_request, "content is required");
  command.text = without_controls(*content);
  if (command.text.empty()) return fail(Code::bad_request, "content is empty");
  TRY(mentions, mentions_in(body));
  command.mentions = std::move(mentions);
  if (auto key = request.header("Idempotency-Key")) {
    if (key->empty() || key->size() > key_max)
      return fail(Code::bad_request, "Idempotency-Key is 1 to 128 bytes");
    command.once = std::string(*key);
  }
  return command;
}

Task<Answer> send(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(where, body.text("conversation_id"));
  CO_TRY(receiver, body.text("recipient_id"));
  if (!where && !receiver) co_return Error{Code::bad_request, "conversation_id is required", {}};
  UserId to{std::string(receiver.value_or(""))};
  if (!where && (!identity::is_user_id(to.text) || to == call.user))
    co_return Error{Code::bad_request, "recipient_id must be somebody else's id", {}};
  CO_TRY(command, new_message(call.request, body));
  const bool has_key = !command.once.empty();
  engine::Turn turn;
  Result<engine::Sent> sent = fail(Code::internal);
  if (where) {
    CO_TRY(id, id_of<ConversationId>(*where));
    command.where = id;
    sent = co_await call.door.engine.send(call.caller(), std::move(command), turn);
  } else {
    sent =
        co_await call.door.engine.send_to(call.caller(), std::move(to), std::move(command), turn);
  }
  if (!sent) {
    net::Response response = refusal(sent.error());
    // All else that could not be processed has been sorted out above.
    if (sent.error().code == Code::unprocessable && has_key) response.status = 422;
    co_return response;
  }
  if (!sent->repeated) messages_processed().Increment();
  co_return data(201, [&](JsonWriter& json) { write_message(json, *sent->message); });
}

Task<Answer> history(Call& call) {
  CO_TRY(where, id_of<ConversationId>(call.params.front()));
  CO_TRY_DO(co_await call.door.engine.conversation(call.caller(), where));
  const Page page = page_of(call.request);
  engine::HistoryQuery query;
  query.limit = page.limit;
  query.offset = page.offset;
  query.only_living = query.with_readers = true;
  CO_TRY(messages, co_await call.door.engine.history(call.caller(), where, query));
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open();
    json.key("data");
    json.open_list();
    for (const Message& one : messages) write_message(json, one);
    json.close_list();
    json.field("count", messages.size());
    json.close();
  });
}

Task<Answer> read(Call& call) {
  CO_TRY(id, id_of<MessageId>(call.params.front()));
  CO_TRY(message, co_await call.door.engine.message(call.caller(), id));
  CO_TRY_DO(co_await call.door.engine.mark_read(call.caller(), message.conversation, id,
                                                engine::Engine::Receipt::told,
                                                engine::Engine::Extent::only_it));
  co_return done("Message marked as read");
}

}  // namespace

void add_message_routes(Routes& routes) {
  add_route(routes, "POST", "/api/messages", send);
  add_route(routes, "PUT", "/api/messages/{id}/read", read);
  add_route(routes, "GET", "/api/messages/conversations/{id}/messages", history);
}

}  // namespace parley::pulse
