// Typing, reactions, finding.
#include <algorithm>

#include "dialects/echo/call.h"
#include "dialects/echo/wire.h"

namespace parley::echo {
namespace {

constexpr std::size_t all_of_them = 100'000;

Task<Answer> tell_typing(Call& call, ConversationId where, bool is_typing) {
  auto told = co_await call.door.engine.typing(call.caller(), where, is_typing);
  if (!told) co_return std::move(told).error();
  if (is_typing)
    call.door.typing->began(call.user, where);
  else
    call.door.typing->forget(call.user, where);
  co_return Reply{200, "Typing indicator updated", {}, {}};
}

Result<bool> typing_in(const JsonObject& body) {
  auto flag = body.flag("is_typing");
  if (!flag) return fail(Code::bad_request, "is_typing must be true or false");
  return flag->value_or(true);
}

Task<Answer> typing(Call& call) {
  CO_TRY(where, id_in_path<ConversationId>(call.params.front()));
  CO_TRY(body, call.body());
  CO_TRY(is_typing, typing_in(body));
  co_return co_await tell_typing(call, where, is_typing);
}

Task<Answer> typing_named(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(is_typing, typing_in(body));
  CO_TRY(where, id_in<ConversationId>(body, "conversation_id", "ConversationID"));
  co_return co_await tell_typing(call, where, is_typing);
}

Error reaction_refused(Error error) {
  if (error.code != Code::unprocessable) return error;
  return bad_field("ReactionType", invalid, error.detail).error();
}

Task<Answer> react(Call& call) {
  CO_TRY(id, id_in_path<MessageId>(call.params.front()));
  CO_TRY(body, call.body());
  CO_TRY(emoji, text_in(body, "reaction_type", "ReactionType"));
  if (emoji.empty())
    co_return bad_field("ReactionType", required, "reaction_type is required").error();
  CO_TRY(message, co_await call.door.engine.message(call.caller(), id));
  const bool there = std::ranges::any_of(message.reactions, [&](const Reaction& one) {
    return one.user == call.user && one.emoji == emoji;
  });
  engine::Turn turn;
  auto done = co_await call.door.engine.react(call.caller(), id, emoji, true, turn);
  if (!done) co_return reaction_refused(std::move(done).error());
  co_return good(there ? 200 : 201, "Reaction added", [&](JsonWriter& json) {
    json.open();
    json.field("message_id", id);
    json.field("reaction_type", emoji);
    json.close();
  });
}

Task<Answer> unreact(Call& call) {
  CO_TRY(id, id_in_path<MessageId>(call.params.front()));
  engine::Turn turn;
  auto done = co_await call.door.engine.react(call.caller(), id, call.params.back(), false, turn);
  if (!done) co_return reaction_refused(std::move(done).error());
  co_return Reply{200, "Reaction removed", {}, {}};
}

Task<Answer> search(Call& call) {
  CO_TRY(limit, limit_of(call, 20));
  engine::FindText query;
  query.pieces = engine::pieces_of(call.query("q").value_or(""));
  if (query.pieces.empty()) co_return Error{Code::bad_request, "q is required", {}};
  if (auto where = call.query("conversation_id"); where && !where->empty()) {
    auto uuid = read_uuid(*where);
    if (!uuid) co_return Error{Code::bad_request, "conversation_id must be a UUID", {}};
    query.where = ConversationId::parse(*uuid).value_or(ConversationId{});
  }
  if (auto before = call.query("before_id"); before && !before->empty()) {
    auto uuid = read_uuid(*before);
    auto cut = co_await call.door.engine.message(
        call.caller(), uuid ? MessageId::parse(*uuid).value_or(MessageId{}) : MessageId{});
    if (!cut) co_return Error{Code::bad_request, "before_id must be a message", {}};
    query.before = std::pair(cut->created_at, cut->id);
  }
  query.limit = limit + 1;
  CO_TRY(found, co_await call.door.engine.find_text(call.caller(), std::move(query)));
  const bool more = found.size() > limit;
  if (more) found.pop_back();
  std::vector<Delivery> deliveries;
  for (const Message& one : found) {
    CO_TRY(members,
           co_await call.door.engine.members(call.caller(), one.conversation, {}, all_of_them));
    deliveries.push_back(delivery_of(one, members));
  }
  co_return good(200, "Search completed", [&](JsonWriter& json) {
    json.open();
    json.key("messages");
    json.open_list();
    for (std::size_t i = 0; i < found.size(); ++i) write_message(json, found[i], deliveries[i]);
    json.close_list();
    json.field("has_more", more);
    json.close();
  });
}

}  // namespace

void add_addition_routes(Routes& routes) {
  routes.add("POST", "/api/v1/conversations/{id}/typing", {typing});
  for (const char* root : {"/api/v1/messages", ""}) {
    const std::string path(root);
    routes.add("POST", path + "/typing", {typing_named});
    routes.add("GET", path + "/search", {search});
    routes.add("POST", path + "/{id}/reactions", {react});
    routes.add("DELETE", path + "/{id}/reactions/{type}", {unreact});
  }
}

}  // namespace parley::echo
