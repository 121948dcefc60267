// Messages, reading them, and how far one has read.
#include <ranges>

#include "dialects/native/call.h"
#include "dialects/native/parse.h"

namespace parley::native {
namespace {

Task<Answer> send(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(body, call.body());
  CO_TRY(command, send_message(body, where, call.idempotency_key()));
  engine::Turn turn;
  CO_TRY(sent, co_await call.door.engine.send(call.caller, std::move(command), turn));
  co_return json_answer(sent.repeated ? 200 : 201, to_json(*sent.message));
}

Task<Answer> history(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(query, history_query(call.request.query));
  CO_TRY(messages, co_await call.door.engine.history(call.caller, where, query));
  co_return json_answer(200, history_page(messages, query, call.caller.user));
}

Task<Answer> get(Call& call) {
  CO_TRY(id, message_id(call.params.front()));
  CO_TRY(message, co_await call.door.engine.message(call.caller, id));
  co_return json_answer(200, to_json(Seen{message, call.caller.user}));
}

Result<MessageId> message_of(const Call& call) { return message_id(call.params.front()); }

Task<Answer> edit(Call& call) {
  CO_TRY(id, message_of(call));
  CO_TRY(body, call.body());
  CO_TRY(command, edit_message(body, id));
  engine::Turn turn;
  CO_TRY(edited, co_await call.door.engine.edit(call.caller, std::move(command), turn));
  auto whole = co_await call.door.engine.message(call.caller, id);
  co_return json_answer(200, to_json(Seen{whole ? *whole : edited, call.caller.user}));
}

Task<Answer> remove(Call& call) {
  CO_TRY(id, message_of(call));
  engine::Turn turn;
  CO_TRY_DO(co_await call.door.engine.remove_message(call.caller, id, turn));
  net::Response done;
  done.status = 204;
  co_return done;
}

Task<Answer> recall(Call& call) {
  CO_TRY(id, message_of(call));
  engine::Turn turn;
  CO_TRY(message, co_await call.door.engine.recall(call.caller, id, turn));
  co_return json_answer(200, to_json(message));
}

Task<Answer> edits(Call& call) {
  CO_TRY(id, message_of(call));
  CO_TRY(all, co_await call.door.engine.edits(call.caller, id));
  co_return json_answer(200, page_json(all, ""));
}

Task<Answer> read(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(body, call.body());
  CO_TRY(seq, seq_of(body));
  engine::Turn turn;
  CO_TRY(pointer, co_await call.door.engine.mark_read(call.caller, where, seq, turn));
  co_return json_answer(200, read_answer(pointer));
}

Task<Answer> typing(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(body, call.body());
  CO_TRY(is_typing, typing_of(body));
  CO_TRY_DO(co_await call.door.engine.typing(call.caller, where, is_typing));
  net::Response done;
  done.status = 202;
  co_return done;
}

}  // namespace

std::string messages_json(const std::vector<Message>& messages, const std::string& next,
                          const UserId& viewer) {
  return page_json(messages | std::views::transform(
                                  [&](const Message& message) { return Seen{message, viewer}; }),
                   next);
}

std::string history_page(const std::vector<Message>& messages, const engine::HistoryQuery& query,
                         const UserId& viewer) {
  using Mode = engine::HistoryQuery::Mode;
  Mode onwards = query.mode == Mode::after ? Mode::after : Mode::before;
  bool more = messages.size() == query.limit;
  return messages_json(messages, more ? page_token(onwards, messages.back().seq) : "", viewer);
}

std::string read_answer(const Pointer& pointer) {
  std::string out;
  JsonWriter json(out);
  json.open();
  json.field("conversation_id", pointer.conversation);
  json.field("read_seq", pointer.read_seq.value);
  json.field("unread_count", pointer.unread);
  json.close();
  return out;
}

void add_message_routes(Routes& routes) {
  routes.add("POST", "/v1/conversations/{id}/messages", {send, Access::with_token, Keys::its_own});
  routes.add("GET", "/v1/conversations/{id}/messages", {history});
  routes.add("GET", "/v1/messages/{id}", {get});
  routes.add("PATCH", "/v1/messages/{id}", {edit});
  routes.add("DELETE", "/v1/messages/{id}", {remove});
  routes.add("POST", "/v1/messages/{id}/recall", {recall});
  routes.add("GET", "/v1/messages/{id}/edits", {edits});
  routes.add("POST", "/v1/conversations/{id}/read", {read});
  routes.add("POST", "/v1/conversations/{id}/typing", {typing});
}

}  // namespace parley::native
