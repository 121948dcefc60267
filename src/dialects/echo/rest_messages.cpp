// Messages: sending, reading, changing them, and how far they have come.
#include "dialects/echo/rest_messages.h"

#include <algorithm>

#include "dialects/echo/figures.h"
#include "dialects/echo/wire.h"

namespace parley::echo {
namespace {

constexpr std::size_t all_of_them = 100'000;

Result<Mention> mention_of(const JsonObject& one) {
  Mention mention;
  auto user = one.needed_text("user_id");
  if (!user) return bad_field("Mentions", required, "a mention needs a user_id");
  TRY(id, user_id(*user, "Mentions"));
  mention.user = std::move(id);
  auto offset = one.number("offset"), length = one.number("length");
  constexpr std::int64_t most = 1'000'000;
  if (!offset || !length || offset->value_or(-1) < 0 || **offset > most ||
      length->value_or(0) < 1 || **length > most)
    return bad_field("Mentions", invalid,
                     "a mention needs an offset of 0 or more and a length of 1 or more");
  mention.offset = static_cast<std::uint32_t>(**offset);
  mention.length = static_cast<std::uint32_t>(**length);
  return mention;
}

Result<std::optional<std::vector<Mention>>> mentions_in(const JsonObject& body) {
  auto all = body.objects("mentions");
  if (!all) return fail(Code::bad_request, "mentions must be a list of objects");
  if (!*all) return std::nullopt;
  std::vector<Mention> mentions;
  for (const JsonObject& one : **all) {
    TRY(mention, mention_of(one));
    mentions.push_back(std::move(mention));
  }
  return mentions;
}

Result<void> check_content(const std::string& content) {
  if (content.find('\0') != std::string::npos)
    return bad_field("Content", invalid, "content contains U+0000");
  return {};
}

Task<Answer> send(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(command, new_message(body));
  const engine::SendMessage asked = command;
  engine::Turn turn;
  auto sent = co_await call.door.engine.send(call.caller(), std::move(command), turn);
  if (!sent) co_return reworded(std::move(sent).error(), asked);
  if (!sent->repeated) messages_sent().Increment();
  call.door.typing->stopped(call.user, sent->message->conversation);
  co_return good(sent->repeated ? 200 : 201, "Message sent successfully",
                 [&](JsonWriter& json) { write_sent(json, *sent->message); });
}

// A page is cut at a message of the same conversation, whose place is exact.
Task<Result<engine::HistoryQuery>> page_of(Call& call, ConversationId where, std::size_t limit) {
  engine::HistoryQuery query;
  query.limit = limit + 1;
  for (auto [name, short_name, mode] :
       {std::tuple("before_id", "before", engine::HistoryQuery::Mode::before),
        std::tuple("after_id", "after", engine::HistoryQuery::Mode::after)}) {
    auto text = call.query(name);
    if (!text) text = call.query(short_name);
    if (!text || text->empty()) continue;
    auto uuid = read_uuid(*text);
    if (!uuid) co_return Error{Code::bad_request, std::string(name) + " must be a UUID", {}};
    auto cut = co_await call.door.engine.message(call.caller(),
                                                 MessageId::parse(*uuid).value_or(MessageId{}));
    if (!cut || cut->conversation != where)
      co_return Error{
          Code::bad_request, std::string(name) + " must be a message of this conversation", {}};
    query.mode = mode;
    query.seq = cut->seq;
  }
  co_return query;
}

// Deleted ones are not listed, so a page may take more than one look.
Task<Result<std::vector<Message>>> living(Call& call, ConversationId where,
                                          engine::HistoryQuery query) {
  std::vector<Message> found;
  const std::size_t wanted = query.limit;
  const bool onwards = query.mode == engine::HistoryQuery::Mode::after;
  for (;;) {
    CO_TRY(some, co_await call.door.engine.history(call.caller(), where, query));
    const bool last = some.size() < query.limit;
    if (!some.empty()) query.seq = some.back().seq;
    if (!onwards) query.mode = engine::HistoryQuery::Mode::before;
    for (Message& one : some)
      if (!one.gone() && found.size() < wanted) found.push_back(std::move(one));
    if (last || found.size() >= wanted || query.seq.value <= 1) co_return found;
  }
}

// What was fetched is delivered.
Task<Result<void>> mark_fetched(Call& call, const std::vector<Message>& messages) {
  Seq newest;
  for (const Message& one : messages)
    if (one.sender != call.user) newest = std::max(newest, one.seq);
  if (newest.value == 0) co_return Result<void>{};
  co_return co_await call.door.engine.mark_delivered(call.caller(), messages.front().conversation,
                                                     newest);
}

Task<Answer> history_in(Call& call, ConversationId where) {
  CO_TRY(limit, limit_of(call, 50));
  CO_TRY(query, co_await page_of(call, where, limit));
  CO_TRY(messages, co_await living(call, where, query));
  const bool more = messages.size() > limit;
  if (more) messages.pop_back();
  if (query.mode == engine::HistoryQuery::Mode::after) std::ranges::reverse(messages);
  CO_TRY_DO(co_await mark_fetched(call, messages));
  CO_TRY(members, co_await call.door.engine.members(call.caller(), where, {}, all_of_them));
  co_return good(200, "Messages retrieved successfully", [&](JsonWriter& json) {
    json.open();
    json.key("messages");
    json.open_list();
    for (const Message& one : messages) write_message(json, one, delivery_of(one, members));
    json.close_list();
    json.field("has_more", more);
    if (more) json.field("next_cursor", messages.back().id);
    json.close();
  });
}

Task<Answer> history(Call& call) {
  CO_TRY(where, id_in_path<ConversationId>(call.params.front()));
  co_return co_await history_in(call, where);
}

Task<Answer> history_by_query(Call& call) {
  auto text = call.query("conversation_id");
  auto uuid = text ? read_uuid(*text) : std::nullopt;
  if (!uuid) co_return bad_field("ConversationID", required, "conversation_id is required").error();
  co_return co_await history_in(call, ConversationId::parse(*uuid).value_or(ConversationId{}));
}

Task<Result<Message>> message_of(Call& call) {
  CO_TRY(id, id_in_path<MessageId>(call.params.front()));
  CO_TRY(message, co_await call.door.engine.message(call.caller(), id));
  if (message.gone()) co_return Error{Code::not_found, "there is no such message", {}};
  co_return std::move(message);
}

Task<Answer> get(Call& call) {
  CO_TRY(message, co_await message_of(call));
  CO_TRY(members,
         co_await call.door.engine.members(call.caller(), message.conversation, {}, all_of_them));
  co_return good(200, "Message retrieved successfully", [&](JsonWriter& json) {
    write_message(json, message, delivery_of(message, members));
  });
}

Task<Answer> replies(Call& call) {
  CO_TRY(limit, limit_of(call, 50));
  CO_TRY(parent, co_await message_of(call));
  CO_TRY(messages, co_await call.door.engine.thread(call.caller(), parent.id, Seq{}, all_of_them));
  std::ranges::reverse(messages);
  if (auto text = call.query("before_id")) {
    auto uuid = read_uuid(*text);
    const auto before = uuid ? MessageId::parse(*uuid).value_or(MessageId{}) : MessageId{};
    auto at = std::ranges::find(messages, before, &Message::id);
    if (at == messages.end())
      co_return Error{Code::bad_request, "before_id must be a reply of this message", {}};
    messages.erase(messages.begin(), at + 1);
  }
  const bool more = messages.size() > limit;
  if (more) messages.resize(limit);
  CO_TRY(members,
         co_await call.door.engine.members(call.caller(), parent.conversation, {}, all_of_them));
  co_return good(200, "Replies retrieved successfully", [&](JsonWriter& json) {
    json.open();
    json.key("messages");
    json.open_list();
    for (const Message& one : messages) write_message(json, one, delivery_of(one, members));
    json.close_list();
    json.field("has_more", more);
    json.close();
  });
}

Task<Answer> edit(Call& call) {
  CO_TRY(body, call.body());
  CO_TRY(content, text_in(body, "content", "Content"));
  if (content.empty()) co_return bad_field("Content", required, "content is required").error();
  CO_TRY_DO(check_content(content));
  CO_TRY(mentions, mentions_in(body));
  CO_TRY(before, co_await message_of(call));
  Message after = before;
  if (content != before.text || mentions) {
    engine::SendMessage asked;
    asked.text = content;
    asked.mentions = mentions.value_or(std::vector<Mention>{});
    engine::EditMessage command{before.id, std::move(content), {}, std::move(mentions)};
    engine::Turn turn;
    auto edited = co_await call.door.engine.edit(call.caller(), std::move(command), turn);
    if (!edited) co_return reworded(std::move(edited).error(), asked);
    after = std::move(*edited);
  } else if (before.sender != call.user) {
    co_return Error{Code::forbidden, "only its sender edits a message", {}};
  }
  CO_TRY(members,
         co_await call.door.engine.members(call.caller(), after.conversation, {}, all_of_them));
  co_return good(200, "Message updated successfully", [&](JsonWriter& json) {
    write_message(json, after, delivery_of(after, members));
  });
}

Task<Answer> edits(Call& call) {
  CO_TRY(message, co_await message_of(call));
  CO_TRY(all, co_await call.door.engine.edits(call.caller(), message.id));
  co_return good(200, "Edit history retrieved successfully", [&](JsonWriter& json) {
    json.open();
    json.field("message_id", message.id);
    json.key("edits");
    json.open_list();
    for (const store::EarlierText& one : all) {
      json.open();
      json.field("previous_content", one.text);
      json.field("edited_at", one.until);
      json.close();
    }
    json.close_list();
    json.close();
  });
}

Task<Answer> remove(Call& call) {
  CO_TRY(message, co_await message_of(call));
  // At other doors owners and admins may; here it is the sender's alone.
  if (message.sender != call.user)
    co_return Error{Code::forbidden, "only its sender deletes a message", {}};
  engine::Turn turn;
  CO_TRY_DO(co_await call.door.engine.remove_message(call.caller(), message.id, turn));
  co_return good(200, "Message deleted successfully", [&](JsonWriter& json) {
    json.open();
    json.field("id", message.id);
    json.field("is_deleted", true);
    json.field("deleted_at", call.door.engine.clock().now());
    json.close();
  });
}

Task<Result<std::size_t>> mark_one(Call& call, MessageId id) {
  CO_TRY(message, co_await call.door.engine.message(call.caller(), id));
  if (message.gone()) co_return Error{Code::not_found, "there is no such message", {}};
  if (message.sender == call.user) co_return std::size_t{0};
  CO_TRY(view, co_await call.door.engine.conversation(call.caller(), message.conversation));
  if (view.mine.has_read(message.seq)) co_return std::size_t{0};
  CO_TRY_DO(co_await call.door.engine.mark_read(call.caller(), message.conversation, id,
                                                engine::Engine::Receipt::told,
                                                engine::Engine::Extent::only_it));
  co_return std::size_t{1};
}

Answer marked(const Call& call, const std::optional<MessageId>& id, std::size_t count) {
  return good(200, "Message marked as read", [&](JsonWriter& json) {
    json.open();
    if (id) json.field("message_id", *id);
    json.field("marked_count", count);
    json.field("read_at", call.door.engine.clock().now());
    json.close();
  });
}

Task<Answer> read(Call& call) {
  CO_TRY(id, id_in_path<MessageId>(call.params.front()));
  CO_TRY(count, co_await mark_one(call, id));
  co_return marked(call, id, count);
}

Task<Answer> read_named(Call& call) {
  CO_TRY(body, call.body());
  std::vector<std::string> named;
  auto many = body.texts("message_ids");
  if (!many) co_return Error{Code::bad_request, "message_ids must be a list of ids", {}};
  for (std::string_view one : many->value_or(std::vector<std::string_view>{}))
    named.emplace_back(one);
  CO_TRY(single, text_in(body, "message_id", "MessageID"));
  if (!single.empty()) named.push_back(single);
  if (named.empty()) co_return bad_field("MessageID", required, "message_id is required").error();
  std::size_t count = 0;
  std::optional<MessageId> last;
  for (const std::string& one : named) {
    auto uuid = read_uuid(one);
    if (!uuid) co_return bad_field("MessageID", invalid, "message_id must be a UUID").error();
    last = MessageId::parse(*uuid).value_or(MessageId{});
    CO_TRY(marked_now, co_await mark_one(call, *last));
    count += marked_now;
  }
  co_return marked(call, named.size() == 1 ? last : std::nullopt, count);
}

Task<Answer> delivery(Call& call) {
  CO_TRY(message, co_await message_of(call));
  CO_TRY(members,
         co_await call.door.engine.members(call.caller(), message.conversation, {}, all_of_them));
  co_return good(200, "Delivery status retrieved successfully", [&](JsonWriter& json) {
    json.open();
    json.field("message_id", message.id);
    json.field("status", delivery_of(message, members).status());
    json.key("recipients");
    json.open_list();
    for (const Member& member : members) {
      if (member.user == message.sender || member.joined_seq > message.seq) continue;
      const bool read = member.has_read(message.seq);
      const bool delivered = read || member.delivered_seq >= message.seq;
      json.open();
      json.field("user_id", member.user.text);
      json.field("status", read ? "read" : delivered ? "delivered" : "sent");
      if (delivered)
        json.field("delivered_at",
                   member.delivered_at != Time{} ? member.delivered_at : member.read_at);
      if (read) json.field("read_at", member.read_at);
      json.close();
    }
    json.close_list();
    json.close();
  });
}

}  // namespace

Error reworded(Error error, const engine::SendMessage& asked) {
  if (error.code == Code::too_large)
    return bad_field("Content", too_long, "content has more than 10000 characters").error();
  if (error.code != Code::unprocessable || field_of(error)) return error;
  if (!asked.parent.empty())
    return bad_field("ParentMessageID", invalid,
                     "parent_message_id must be a message of this conversation")
        .error();
  if (!asked.mentions.empty())
    return bad_field("Mentions", invalid,
                     "mentions must lie within the content and name participants")
        .error();
  return bad_field("Content", invalid, error.detail).error();
}

Result<engine::SendMessage> new_message(const JsonObject& body) {
  engine::SendMessage command;
  TRY(where, id_in<ConversationId>(body, "conversation_id", "ConversationID"));
  command.where = where;
  TRY(type, text_in(body, "message_type", "MessageType"));
  if (type.empty()) return bad_field("MessageType", required, "message_type is required");
  auto known = read_type(type);
  if (!known)
    return bad_field("MessageType", invalid,
                     "message_type must be one of text, image, video, audio, file, document, "
                     "location, contact, poll");
  command.type = *known;
  TRY(content, text_in(body, "content", "Content"));
  auto metadata = body.object("metadata");
  if (!metadata) return fail(Code::bad_request, "metadata must be an object");
  if (*metadata) command.metadata = body.raw("metadata");
  const bool carried_by_metadata = *known != MessageType::text && command.metadata.size() > 2;
  if (content.empty() && !carried_by_metadata)
    return bad_field("Content", required, "content is required");
  TRY_DO(check_content(content));
  command.text = std::move(content);
  TRY(parent, text_in(body, "parent_message_id", "ParentMessageID"));
  if (!parent.empty()) {
    TRY(id, id_in<MessageId>(body, "parent_message_id", "ParentMessageID"));
    const MessageId unknown{{0xFF}};
    command.parent = id.empty() ? unknown : id;
  }
  TRY(mentions, mentions_in(body));
  if (mentions) command.mentions = std::move(*mentions);
  TRY(key, text_in(body, "client_message_id", "ClientMessageID"));
  if (key.size() > 64)
    return bad_field("ClientMessageID", too_long, "client_message_id has more than 64 bytes");
  command.client_id = command.once = std::move(key);
  return command;
}

void add_message_routes(Routes& routes) {
  routes.add("GET", "/api/v1/conversations/{id}/messages", {history});
  routes.add("POST", "/api/v1/messages", {send});
  routes.add("GET", "/api/v1/messages", {history_by_query});
  routes.add("POST", "/", {send});
  routes.add("GET", "/", {history_by_query});
  for (const char* root : {"/api/v1/messages", ""}) {
    const std::string path(root);
    routes.add("POST", path + "/read", {read_named});
    routes.add("POST", path + "/{id}/read", {read});
    routes.add("GET", path + "/{id}/history", {edits});
    routes.add("GET", path + "/{id}/replies", {replies});
    routes.add("GET", path + "/{id}/delivery", {delivery});
    routes.add("PUT", path + "/{id}", {edit});
    routes.add("DELETE", path + "/{id}", {remove});
  }
  routes.add("GET", "/api/v1/messages/{id}", {get});
}

}  // namespace parley::echo
