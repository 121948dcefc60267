// Messages: sending, reading, changing them, reactions, receipts and finding.
#include <algorithm>

#include "dialects/messaging/call.h"
#include "dialects/messaging/figures.h"

namespace parley::messaging {
namespace {

constexpr std::size_t all_of_them = 100'000;

// Their senders and readers are known afterwards, whoever they are by now.
Task<Result<std::vector<Message>>> with_people(Call& call, std::vector<Message> messages) {
  CO_TRY(all, co_await call.door.engine.with_readers(call.caller(), std::move(messages)));
  std::vector<UserId> people;
  for (const Message& one : all) {
    people.push_back(one.sender);
    if (one.quoted) people.push_back(one.quoted->sender);
  }
  CO_TRY_DO(co_await call.door.shared.profiles->load(call.door.engine, std::move(people)));
  co_return all;
}

Task<Answer> show(Call& call, unsigned status, Message message) {
  std::vector<Message> one;
  one.push_back(std::move(message));
  CO_TRY(shown, co_await with_people(call, std::move(one)));
  co_return answer_with(status, [&](JsonWriter& json) {
    write_message(json, call.door.shared, shown.front(), call.user);
  });
}

Task<Answer> send(Call& call) {
  CO_TRY(where, id_of<ConversationId>(call.params.front()));
  CO_TRY(body, call.body());
  CO_TRY(type, body.text("type"));
  CO_TRY(command, new_message(Fields(body), where, type.value_or("")));
  engine::Turn turn;
  auto sent = co_await call.door.engine.send(call.caller(), std::move(command), turn);
  if (!sent) co_return send_refused(std::move(sent).error());
  if (!sent->repeated) messages_sent().Increment();
  co_return co_await show(call, sent->repeated ? 200 : 201, *sent->message);
}

Task<Result<engine::HistoryQuery>> query_of(Call& call, ConversationId where) {
  const Page page = page_of(call, 50);
  engine::HistoryQuery query;
  query.limit = page.limit;
  query.offset = page.offset;
  query.only_living = true;
  for (auto [name, mode] : {std::pair("before", engine::HistoryQuery::Mode::before),
                            std::pair("after", engine::HistoryQuery::Mode::after)}) {
    auto text = call.query(name);
    if (!text || text->empty()) continue;
    CO_TRY(id, id_of<MessageId>(*text));
    auto cut = co_await call.door.engine.message(call.caller(), id);
    if (!cut || cut->conversation != where)
      co_return Error{
          Code::bad_request, std::string(name) + " must be a message of this conversation", {}};
    query.mode = mode;
    query.seq = cut->seq;
    query.offset = 0;
  }
  co_return query;
}

Task<Answer> list(Call& call, std::vector<Message> messages) {
  CO_TRY(shown, co_await with_people(call, std::move(messages)));
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open_list();
    for (const Message& one : shown) write_message(json, call.door.shared, one, call.user);
    json.close_list();
  });
}

Task<Answer> history(Call& call) {
  CO_TRY(where, id_of<ConversationId>(call.params.front()));
  auto view = co_await call.door.engine.conversation(call.caller(), where);
  if (!view) co_return as_forbidden(std::move(view).error());
  CO_TRY(query, co_await query_of(call, where));
  CO_TRY(messages, co_await call.door.engine.history(call.caller(), where, query));
  if (query.mode == engine::HistoryQuery::Mode::after) std::ranges::reverse(messages);
  co_return co_await list(call, std::move(messages));
}

Task<Result<Message>> message_of(Call& call) {
  CO_TRY(id, id_of<MessageId>(call.params.front()));
  co_return co_await living_message(call.door, call.caller(), id);
}

Task<Answer> get(Call& call) {
  CO_TRY(message, co_await message_of(call));
  co_return co_await show(call, 200, std::move(message));
}

Task<Answer> edit(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(content, body.text("content"));
  if (!content || content->empty()) co_return Error{Code::bad_request, "content is required", {}};
  std::string text(*content);
  CO_TRY(message, co_await message_of(call));
  engine::EditMessage command{message.id, std::move(text), {}, {}};
  engine::Turn turn;
  auto edited = co_await call.door.engine.edit(call.caller(), std::move(command), turn);
  if (!edited) co_return send_refused(std::move(edited).error());
  CO_TRY(after, co_await call.door.engine.message(call.caller(), message.id));
  co_return co_await show(call, 200, std::move(after));
}

Task<Answer> edits(Call& call) {
  CO_TRY(message, co_await message_of(call));
  CO_TRY(all, co_await call.door.engine.edits(call.caller(), message.id));
  co_return answer_with(200, [&](JsonWriter& json) {
    json.open_list();
    for (const store::EarlierText& one : all) {
      json.open();
      json.field("previous_content", one.text);
      json.field("edited_at", one.until);
      json.close();
    }
    json.close_list();
  });
}

Task<Answer> remove(Call& call) {
  CO_TRY(message, co_await message_of(call));
  engine::Turn turn;
  CO_TRY_DO(co_await call.door.engine.remove_message(call.caller(), message.id, turn));
  co_return done();
}

Task<Answer> replies(Call& call) {
  CO_TRY(message, co_await message_of(call));
  CO_TRY(all, co_await call.door.engine.thread(call.caller(), message.id, Seq{}, all_of_them));
  co_return co_await list(call, std::move(all));
}

Task<Answer> set_reaction(Call& call, std::string emoji, bool on) {
  CO_TRY(message, co_await message_of(call));
  engine::Turn turn;
  CO_TRY_DO(co_await call.door.engine.react(call.caller(), message.id, std::move(emoji), on, turn));
  co_return done();
}

Task<Answer> react(Call& call) {
  CO_TRY(body, call.body());
  auto emoji = body.needed_text("emoji");
  if (!emoji) co_return Error{Code::bad_request, "emoji is required", {}};
  std::string text(*emoji);
  co_return co_await set_reaction(call, std::move(text), true);
}

Task<Answer> unreact(Call& call) {
  co_return co_await set_reaction(call, call.params.back(), false);
}

Task<Answer> read(Call& call) {
  CO_TRY(message, co_await message_of(call));
  CO_TRY_DO(co_await call.door.engine.mark_read(call.caller(), message.conversation, message.id,
                                                engine::Engine::Receipt::told,
                                                engine::Engine::Extent::up_to_it_told_alone));
  co_return done();
}

Task<Answer> search(Call& call) {
  const Page page = page_of(call, 20);
  engine::FindText query;
  query.pieces = engine::pieces_of(call.query("q").value_or(""));
  if (query.pieces.empty()) co_return Error{Code::bad_request, "q is required", {}};
  if (auto where = call.query("conversation_id"); where && !where->empty()) {
    CO_TRY(id, id_of<ConversationId>(*where));
    query.where = id;
  }
  query.limit = page.limit;
  query.offset = page.offset;
  CO_TRY(found, co_await call.door.engine.find_text(call.caller(), std::move(query)));
  co_return co_await list(call, std::move(found));
}

}  // namespace

void add_message_routes(Routes& routes) {
  routes.add("POST", "/api/v1/conversations/{id}/messages", {send});
  routes.add("GET", "/api/v1/conversations/{id}/messages", {history});
  routes.add("GET", "/api/v1/messages/{id}", {get});
  routes.add("PUT", "/api/v1/messages/{id}", {edit});
  routes.add("DELETE", "/api/v1/messages/{id}", {remove});
  routes.add("GET", "/api/v1/messages/{id}/edits", {edits});
  routes.add("GET", "/api/v1/messages/{id}/replies", {replies});
  routes.add("POST", "/api/v1/messages/{id}/reactions", {react});
  routes.add("DELETE", "/api/v1/messages/{id}/reactions/{emoji}", {unreact});
  routes.add("POST", "/api/v1/messages/{id}/read", {read});
  routes.add("GET", "/api/v1/search/messages", {search});
}

}  // namespace parley::messaging
