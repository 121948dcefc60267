// Typing, reactions, finding, public keys.
#include "dialects/echo/call.h"
#include "dialects/echo/wire.h"

namespace parley::echo {
namespace {

constexpr std::size_t all_of_them = 100'000;

Task<Answer> tell_typing(Call& call, ConversationId where, bool is_typing) {
  auto told = co_await call.door.engine.typing(call.caller(), where, is_typing);
  if (!told) co_return as_stranger(std::move(told).error());
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

Error reaction_refused(Error error, std::string_view emoji) {
  if (error.code != Code::unprocessable) return error;
  return bad_field("ReactionType", invalid, error.detail, emoji).error();
}

Task<Answer> react(Call& call) {
  CO_TRY(id, id_in_path<MessageId>(call.params.front()));
  CO_TRY(body, call.body());
  CO_TRY(emoji, text_in(body, "reaction_type", "ReactionType"));
  if (emoji.empty())
    co_return bad_field("ReactionType", required, "reaction_type is required").error();
  engine::Turn turn;
  auto added = co_await call.door.engine.react(call.caller(), id, emoji, true, turn);
  if (!added) co_return reaction_refused(std::move(added).error(), emoji);
  co_return good(*added ? 201 : 200, "Reaction added", [&](JsonWriter& json) {
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
  if (!done) co_return reaction_refused(std::move(done).error(), call.params.back());
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
  auto matching = co_await call.door.engine.find_text(call.caller(), std::move(query));
  if (!matching) co_return as_stranger(std::move(matching).error());
  CO_TRY(found, co_await call.door.engine.with_readers(call.caller(), std::move(*matching)));
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

// ---- public keys, for end-to-end encryption

constexpr std::string_view keys_space = personal_spaces.front();
constexpr std::size_t bundle_bytes_max = 16 * 1024;
constexpr std::size_t devices_max = 100;

void write_bundle(JsonWriter& json, const store::Record& record) {
  json.open();
  json.field("device_id", record.key);
  json.raw_field("bundle", record.body);
  json.field("updated_at", record.at);
  json.close();
}

// Of the device that sends it, in place of what it had; kept as it is.
Task<Answer> put_keys(Call& call) {
  CO_TRY(body, call.body());
  if (body.names().empty()) co_return Error{Code::bad_request, "the bundle is empty", {}};
  if (call.request.body.size() > bundle_bytes_max)
    co_return Error{Code::too_large, "a bundle has at most 16 KiB", {}};
  store::Record record{.space = std::string(keys_space),
                       .owner = call.user.text,
                       .key = device_of(call.request).id,
                       .body = call.request.body,
                       .version = 0,
                       .at = call.door.engine.clock().now()};
  std::vector<store::RecordSet> sets{{record.space, record.owner, record.key, record.body, {}}};
  CO_TRY_DO(co_await call.door.engine.put_records(call.caller(), std::move(sets)));
  co_return good(200, "Keys stored", [&](JsonWriter& json) { write_bundle(json, record); });
}

Task<Answer> keys_of(Call& call) {
  CO_TRY(user, user_in_path(call.params.front()));
  store::RecordRange range;
  range.limit = devices_max;
  CO_TRY(all, co_await call.door.engine.records(std::string(keys_space), user.text, range));
  if (all.empty()) co_return Error{Code::not_found, "this user has published no keys", {}};
  co_return good(200, "Keys retrieved", [&](JsonWriter& json) {
    json.open();
    json.field("user_id", user.text);
    json.key("bundles");
    json.open_list();
    for (const store::Record& one : all) write_bundle(json, one);
    json.close_list();
    json.close();
  });
}

}  // namespace

void add_addition_routes(Routes& routes) {
  routes.add("PUT", "/api/v1/keys", {put_keys});
  routes.add("GET", "/api/v1/keys/{user}", {keys_of});
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
