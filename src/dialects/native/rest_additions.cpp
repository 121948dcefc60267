// What one adds to messages that are there: reactions, pins, threads, copies; and who has read them.
#include "dialects/native/call.h"
#include "dialects/native/parse.h"

namespace parley::native {
namespace {

Result<MessageId> message_of(const Call& call) { return message_id(call.params.front()); }

Task<Answer> set_reaction(Call& call, bool on) {
  CO_TRY(id, message_of(call));
  engine::Turn turn;
  CO_TRY_DO(co_await call.door.engine.react(call.caller, id, call.params.back(), on, turn));
  co_return nothing_to_say();
}
Task<Answer> react(Call& call) { return set_reaction(call, true); }
Task<Answer> unreact(Call& call) { return set_reaction(call, false); }

Task<Answer> set_pin(Call& call, bool on) {
  CO_TRY(id, message_of(call));
  CO_TRY_DO(co_await call.door.engine.pin(call.caller, id, on));
  co_return nothing_to_say();
}
Task<Answer> pin(Call& call) { return set_pin(call, true); }
Task<Answer> unpin(Call& call) { return set_pin(call, false); }

Task<Answer> pins(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(messages, co_await call.door.engine.pins(call.caller, where));
  co_return json_answer(200, messages_json(messages, "", call.caller.user));
}

Task<Answer> thread(Call& call) {
  CO_TRY(where, call.conversation());
  CO_TRY(id, message_id(call.params.back()));
  CO_TRY(top, co_await call.door.engine.message(call.caller, id));
  if (top.conversation != where)
    co_return Error{Code::not_found, "that message is of another conversation", {}};
  CO_TRY(query, history_query(call.request.query));
  using Mode = engine::HistoryQuery::Mode;
  if (query.mode == Mode::around)
    co_return Error{Code::bad_request, "a thread is read with after_seq or before_seq", {}};
  const bool back = query.mode == Mode::before;
  if (back && query.seq.value == 0)
    co_return json_answer(200, messages_json({}, "", call.caller.user));
  CO_TRY(messages, co_await call.door.engine.thread(call.caller, id, back ? Seq{} : query.seq,
                                                    query.limit + 1, back ? query.seq : Seq{}));
  const bool more = messages.size() > query.limit;
  if (more) messages.erase(back ? messages.begin() : messages.end() - 1);
  const std::string next = !more  ? ""
                           : back ? page_token(Mode::before, messages.front().seq)
                                  : page_token(Mode::after, messages.back().seq);
  co_return json_answer(200, messages_json(messages, next, call.caller.user));
}

// All that could be copied; a refusal of any is told only where none could.
Task<Answer> forward(Call& call) {
  CO_TRY(id, message_of(call));
  CO_TRY(body, call.body());
  CO_TRY(named, body.texts("conversation_ids"));
  std::vector<ConversationId> where;
  for (std::string_view one : named.value_or(std::vector<std::string_view>{})) {
    CO_TRY(conversation, conversation_id(one));
    where.push_back(conversation);
  }
  CO_TRY(copies, co_await call.door.engine.forward(call.caller, id, std::move(where), call.once));
  std::vector<Message> made;
  for (auto& copy : copies)
    if (copy) made.push_back(std::move(*copy));
  if (made.empty()) co_return std::move(copies.front()).error();
  co_return json_answer(201, messages_json(made, "", call.caller.user));
}

void write_receipt(JsonWriter& json, const engine::Engine::Receipts& receipts,
                   const Member& member) {
  json.open();
  json.field("user_id", member.user.text);
  if (member.delivered_seq >= receipts.message.seq && member.delivered_at != Time{})
    json.field("delivered_at", member.delivered_at);
  const bool shown = receipts.shown && member.own.read_receipts;
  const auto& seen_by = receipts.message.seen_by;
  auto seen = std::ranges::find(seen_by, member.user, &SeenBy::user);
  if (shown && seen != seen_by.end()) json.field("read_at", seen->at);
  json.close();
}

Task<Answer> receipts(Call& call) {
  CO_TRY(id, message_of(call));
  CO_TRY(receipts, co_await call.door.engine.receipts(call.caller, id));
  std::string out;
  JsonWriter json(out);
  json.open();
  json.key("items");
  json.open_list();
  for (const Member& member : receipts.members) write_receipt(json, receipts, member);
  json.close_list();
  json.null_field("next");
  json.close();
  co_return json_answer(200, out);
}

}  // namespace

void add_addition_routes(Routes& routes) {
  routes.add("PUT", "/v1/messages/{id}/reactions/{emoji}", {react});
  routes.add("DELETE", "/v1/messages/{id}/reactions/{emoji}", {unreact});
  routes.add("PUT", "/v1/messages/{id}/pin", {pin});
  routes.add("DELETE", "/v1/messages/{id}/pin", {unpin});
  routes.add("GET", "/v1/conversations/{id}/pins", {pins});
  routes.add("GET", "/v1/conversations/{id}/messages/{message}/thread", {thread});
  routes.add("POST", "/v1/messages/{id}/forward", {forward});
  routes.add("GET", "/v1/messages/{id}/receipts", {receipts});
}

}  // namespace parley::native
