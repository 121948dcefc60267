// Messages: taking them back, finding, forwarding, who has read them, and what was missed.
#include <algorithm>

#include "dialects/dinq/call.h"
#include "dialects/dinq/names.h"
#include "dialects/dinq/recall.h"
#include "dialects/dinq/wire.h"

namespace parley::dinq {
namespace {

Task<Answer> recall(Call& call) {
  CO_TRY(id, message_id(call.params.front(), "Invalid message ID"));
  CO_TRY_DO(co_await recall_message(call.door, call.caller(), id));
  co_return done("Message recalled successfully");
}

Result<Time> time_in(const Call& call, std::string_view name, Time otherwise) {
  auto text = call.query(name);
  if (!text || text->empty()) return otherwise;
  auto time = parse_rfc3339(*text);
  if (!time)
    return fail(Code::bad_request,
                std::string(name) + " must be a time such as 2026-01-02T03:04:05Z");
  return *time;
}

Result<engine::FindText> find_of(const Call& call) {
  engine::FindText query;
  query.text = call.query("q").value_or("");
  if (query.text.empty()) query.text = call.query("keyword").value_or("");
  if (query.text.empty()) return fail(Code::bad_request, "q or keyword is required");
  if (auto where = call.query("conversation_id"); where && !where->empty()) {
    TRY(id, conversation_id(*where, "Invalid conversation_id"));
    query.where = id;
  }
  if (auto sender = call.query("sender_id"); sender && !sender->empty()) {
    TRY(user, user_id(*sender, "invalid user id"));
    query.sender = std::move(user);
  }
  if (auto type = call.query("message_type"); type && !type->empty()) {
    query.type = read_type(*type);
    if (!query.type) return fail(Code::bad_request, "unsupported message type");
  }
  TRY(from, time_in(call, "from", Time{}));
  TRY(to, time_in(call, "to", Time::max()));
  query.from = from;
  query.to = to;
  const Page page = page_of(call, 50);
  query.limit = page.limit;
  query.offset = page.offset;
  return query;
}

Task<Answer> search(Call& call) {
  CO_TRY(query, find_of(call));
  auto found = co_await call.door.engine.find_text(call.caller(), std::move(query));
  if (!found && found.error().code == Code::not_found)
    co_return Error{Code::forbidden, "you are not a member of this conversation", {}};
  if (!found) co_return std::move(found).error();
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("messages");
    json.open_list();
    for (const Message& message : *found) write(json, message);
    json.close_list();
    json.close();
  });
}

// Each as it was named, too: an id of nobody's is none of ours.
using Places = std::vector<std::pair<ConversationId, std::string>>;
Result<Places> places_in(const std::vector<std::string_view>& named) {
  Places places;
  for (std::string_view one : named) {
    TRY(where, conversation_id(one, "Invalid conversation_id"));
    places.emplace_back(where, one);
  }
  return places;
}

Result<std::vector<UserId>> people_in(const std::vector<std::string_view>& named) {
  std::vector<UserId> people;
  for (std::string_view one : named) {
    TRY(user, user_id(one, "invalid user id"));
    people.push_back(std::move(user));
  }
  return people;
}

Task<Answer> forward(Call& call) {
  CO_TRY(id, message_id(call.params.front(), "Invalid message ID"));
  CO_TRY(body, call.body());
  auto conversations = body.texts("conversation_ids"), receivers = body.texts("receiver_ids");
  if (!conversations || !receivers) co_return Error{Code::bad_request, "invalid request body", {}};
  CO_TRY(targets, places_in(conversations->value_or(std::vector<std::string_view>{})));
  CO_TRY(people, people_in(receivers->value_or(std::vector<std::string_view>{})));
  std::vector<ConversationId> where;
  std::vector<std::string> named;  // all of them, as the answer says them
  for (const auto& [target, name] : targets) {
    where.push_back(target);
    named.push_back(name);
  }
  for (const UserId& person : people) named.push_back(person.text);
  auto copies =
      co_await call.door.engine.forward(call.caller(), id, std::move(where), {}, std::move(people));
  if (!copies && copies.error().code == Code::not_found)
    co_return Error{Code::not_found, "Message not found", {}};
  if (!copies) co_return std::move(copies).error();
  co_return success([&](JsonWriter& json) {
    json.open();
    json.key("forwarded");
    json.open_list();
    for (const Result<Message>& one : *copies) {
      if (!one) continue;
      json.open();
      json.field("conversation_id", one->conversation);
      json.field("message_id", one->id);
      json.close();
    }
    json.close_list();
    json.key("failed");
    json.open_list();
    for (std::size_t i = 0; i < copies->size(); ++i) {
      if ((*copies)[i]) continue;
      json.open();
      json.field("target", named[i]);
      json.field("message", send_refusal((*copies)[i].error()));
      json.close();
    }
    json.close_list();
    json.close();
  });
}

Task<Answer> reads(Call& call) {
  CO_TRY(id, message_id(call.params.front(), "Invalid message ID"));
  auto receipts = co_await call.door.engine.receipts(call.caller(), id);
  if (!receipts && receipts.error().code == Code::not_found)
    co_return Error{Code::not_found, "Message not found", {}};
  if (!receipts) co_return std::move(receipts).error();
  const Seq seq = receipts->message.seq;
  auto has_read = [&](const Member& member) { return member.has_read(seq); };
  co_return success([&](JsonWriter& json) {
    json.open();
    json.field("message_id", id);
    json.key("read_by");
    json.open_list();
    for (const Member& member : receipts->members) {
      if (!has_read(member)) continue;
      json.open();
      json.field("user_id", member.user.text);
      json.field("read_at", member.read_at);
      json.close();
    }
    json.close_list();
    json.key("unread_by");
    json.open_list();
    for (const Member& member : receipts->members)
      if (!has_read(member)) json.value(member.user.text);
    json.close_list();
    json.field("read_count", std::ranges::count_if(receipts->members, has_read));
    json.field("member_count", receipts->members.size());
    json.close();
  });
}

void write_sync(JsonWriter& json, const store::SincePage& page, const UserId& user) {
  json.open();
  json.key("messages");
  json.open_list();
  for (const EventRef& event : page.events)
    if (event->kind == EventKind::message_created) write(json, *event->message);
  json.close_list();
  json.key("recalled");
  json.open_list();
  for (const EventRef& event : page.events)
    if (event->kind == EventKind::message_recalled) json.value(event->target);
  json.close_list();
  json.key("reads");
  json.open_list();
  for (const Pointer& pointer : page.pointers) {
    if (pointer.user != user) continue;
    json.open();
    json.field("conversation_id", pointer.conversation);
    if (!pointer.message.empty()) json.field("message_id", pointer.message);
    json.field("unread_count", pointer.unread);
    json.close();
  }
  json.close_list();
  json.field("cursor", page.next.text());
  json.field("has_more", page.more);
  json.close();
}

Task<Answer> sync(Call& call) {
  std::optional<Cursor> since;
  if (auto text = call.query("since"); text && !text->empty()) {
    since = Cursor::parse(*text);
    if (!since) co_return Error{Code::bad_request, "since must be a cursor of this server", {}};
  }
  const std::size_t limit = std::max<std::size_t>(page_of(call, 100).limit, 1);
  CO_TRY(page, co_await call.door.engine.since(call.caller(), since, limit));
  co_return success([&](JsonWriter& json) { write_sync(json, page, call.user); });
}

}  // namespace

// The engine decides; only when it refuses, the message is looked at again, for the words.
Task<Result<void>> recall_message(Door& door, engine::Caller caller, MessageId id) {
  engine::Turn turn;
  auto done = co_await door.engine.recall(caller, id, turn);
  if (done) co_return Result<void>{};
  auto message = co_await door.engine.message(caller, id);
  if (!message && message.error().code == Code::not_found)
    co_return Error{Code::not_found, "Message not found", {}};
  if (!message) co_return std::move(message).error();
  if (message->sender != caller.user)
    co_return Error{Code::forbidden, "you can only recall your own messages", {}};
  if (message->gone()) co_return Error{Code::bad_request, "message already recalled", {}};
  if (done.error().code != Code::gone) co_return std::move(done).error();
  const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(door.engine.clock().now() -
                                                                        message->created_at);
  const auto minutes =
      std::chrono::duration_cast<std::chrono::minutes>(caller.policy->recall_window);
  co_return Error{Code::bad_request,
                  "can only recall messages within " + std::to_string(minutes.count()) +
                      " minutes (elapsed: " + std::to_string(elapsed.count()) + " seconds)",
                  {}};
}

void add_message_routes(Routes& routes) {
  add_api(routes, "GET", "/messages/search", search);
  add_api(routes, "POST", "/messages/{id}/recall", recall);
  add_api(routes, "POST", "/messages/{id}/forward", forward);
  add_api(routes, "GET", "/messages/{id}/reads", reads);
  add_api(routes, "GET", "/sync", sync);
}

}  // namespace parley::dinq
