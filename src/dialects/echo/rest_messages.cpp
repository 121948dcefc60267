// Messages: sending, reading, changing them, and how far they have come.
#include "dialects/echo/rest_messages.h"

#include <algorithm>

#include "base/log.h"
#include "dialects/echo/figures.h"
#include "dialects/echo/wire.h"

namespace parley::echo {
namespace {

constexpr std::size_t all_of_them = 100'000;
constexpr std::size_t read_at_once_max = 100;
constexpr std::size_t metadata_bytes_max = 16 * 1024;

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
  was_sent(call.door, *sent, device_of(call.request));
  co_return good(sent->repeated ? 200 : 201, "Message sent successfully",
                 [&](JsonWriter& json) { write_sent(json, *sent->message); });
}

// Messages of one conversation, with how far they have come.
struct Shown {
  std::vector<Message> messages;
  std::vector<Member> members;

  void write(JsonWriter& json) const {
    json.key("messages");
    json.open_list();
    for (const Message& one : messages) write_message(json, one, delivery_of(one, members));
    json.close_list();
  }
};

Task<Result<Shown>> shown(Call& call, ConversationId where, std::vector<Message> messages) {
  CO_TRY(read, co_await call.door.engine.with_readers(call.caller(), std::move(messages)));
  auto members = co_await call.door.engine.members(call.caller(), where, {}, all_of_them);
  if (!members) co_return as_stranger(std::move(members).error());
  co_return Shown{std::move(read), std::move(*members)};
}

Task<Answer> show_one(Call& call, std::string text, Message message) {
  const ConversationId where = message.conversation;
  std::vector<Message> one;
  one.push_back(std::move(message));
  CO_TRY(seen, co_await shown(call, where, std::move(one)));
  co_return good(200, std::move(text), [&](JsonWriter& json) {
    write_message(json, seen.messages.front(), delivery_of(seen.messages.front(), seen.members));
  });
}

// A page is cut at a message of the same conversation, whose place is exact.
Task<Result<engine::HistoryQuery>> page_of(Call& call, ConversationId where, std::size_t limit) {
  engine::HistoryQuery query;
  query.limit = limit + 1;
  query.only_living = true;
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
    if (!cut || cut->conversation != where) {
      auto view = co_await call.door.engine.conversation(call.caller(), where);
      if (!view) co_return as_stranger(std::move(view).error());
      co_return Error{
          Code::bad_request, std::string(name) + " must be a message of this conversation", {}};
    }
    query.mode = mode;
    query.seq = cut->seq;
  }
  co_return query;
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
  auto found = co_await call.door.engine.history(call.caller(), where, query);
  if (!found) co_return as_stranger(std::move(found).error());
  std::vector<Message> messages = std::move(*found);
  const bool more = messages.size() > limit;
  if (more) messages.pop_back();
  if (query.mode == engine::HistoryQuery::Mode::after) std::ranges::reverse(messages);
  CO_TRY_DO(co_await mark_fetched(call, messages));
  CO_TRY(page, co_await shown(call, where, std::move(messages)));
  co_return good(200, "Messages retrieved successfully", [&](JsonWriter& json) {
    json.open();
    page.write(json);
    json.field("has_more", more);
    if (more) json.field("next_cursor", page.messages.back().id);
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
  if (!uuid)
    co_return bad_field("ConversationID", text ? invalid : required,
                        "conversation_id must be the UUID of a conversation", text.value_or(""))
        .error();
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
  std::vector<Message> one{message};
  CO_TRY_DO(co_await mark_fetched(call, one));
  co_return co_await show_one(call, "Message retrieved successfully", std::move(message));
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
  CO_TRY(page, co_await shown(call, parent.conversation, std::move(messages)));
  co_return good(200, "Replies retrieved successfully", [&](JsonWriter& json) {
    json.open();
    page.write(json);
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
  engine::SendMessage asked;
  asked.text = content;
  asked.mentions = mentions.value_or(std::vector<Mention>{});
  engine::EditMessage command{before.id, std::move(content), {}, std::move(mentions)};
  engine::Turn turn;
  auto edited = co_await call.door.engine.edit(call.caller(), std::move(command), turn);
  if (!edited) co_return reworded(std::move(edited).error(), asked);
  CO_TRY(after, co_await call.door.engine.message(call.caller(), before.id));
  co_return co_await show_one(call, "Message updated successfully", std::move(after));
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
  CO_TRY(moved, co_await read_message(call.door, call.caller(), id));
  if (moved) call.door.analyse("message_read", call.user, device_of(call.request), *moved, id);
  co_return std::size_t{moved ? 1U : 0U};
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
  if (named.size() > read_at_once_max)
    co_return bad_field("MessageID", too_long, "at most 100 messages are read at once").error();
  std::size_t count = 0;
  std::optional<MessageId> last;
  for (const std::string& one : named) {
    auto uuid = read_uuid(one);
    if (!uuid) co_return bad_field("MessageID", invalid, "message_id must be a UUID", one).error();
    last = MessageId::parse(*uuid).value_or(MessageId{});
    CO_TRY(marked_now, co_await mark_one(call, *last));
    count += marked_now;
  }
  co_return marked(call, named.size() == 1 ? last : std::nullopt, count);
}

Task<Answer> delivery(Call& call) {
  CO_TRY(found, co_await message_of(call));
  std::vector<Message> one{found};
  CO_TRY(seen, co_await shown(call, found.conversation, std::move(one)));
  const Message& message = seen.messages.front();
  co_return good(200, "Delivery status retrieved successfully", [&](JsonWriter& json) {
    json.open();
    json.field("message_id", message.id);
    json.field("status", delivery_of(message, seen.members).status());
    json.key("recipients");
    json.open_list();
    for (const Member& member : seen.members) {
      if (member.user == message.sender || member.joined_seq > message.seq) continue;
      const std::optional<Time> read = read_at(message, member.user);
      const bool delivered = read || member.delivered_seq >= message.seq;
      json.open();
      json.field("user_id", member.user.text);
      json.field("status", read ? "read" : delivered ? "delivered" : "sent");
      if (delivered)
        json.field("delivered_at", member.delivered_at != Time{} ? member.delivered_at
                                                                 : read.value_or(member.read_at));
      if (read) json.field("read_at", *read);
      json.close();
    }
    json.close_list();
    json.close();
  });
}

}  // namespace

void was_sent(Door& door, const engine::Sent& sent, const Device& device) {
  const Message& message = *sent.message;
  door.typing->stopped(message.sender, message.conversation);
  if (sent.repeated) return;
  messages_sent().Increment();
  door.analyse("message_sent", message.sender, device, message.conversation, message.id);
  log::info("Message sent", {{"caller", "dialects/echo"},
                             {"message_id", message.id.text()},
                             {"conversation_id", message.conversation.text()},
                             {"sender_id", message.sender.text}});
}

Task<Result<std::optional<ConversationId>>> read_message(Door& door, engine::Caller caller,
                                                         MessageId id) {
  CO_TRY(message, co_await door.engine.message(caller, id));
  CO_TRY(pointer, co_await door.engine.mark_read(caller, message.conversation, id,
                                                 engine::Engine::Receipt::told,
                                                 engine::Engine::Extent::up_to_it_told_alone));
  co_return pointer.marked.empty() ? std::nullopt : std::optional{message.conversation};
}

Error reworded(Error error, const engine::SendMessage& asked) {
  if (error.code == Code::too_large && asked.metadata.size() > metadata_bytes_max)
    return bad_field("Metadata", too_long, "metadata has more than 16 KiB").error();
  if (error.code == Code::too_large)
    return bad_field("Content", too_long, "content has too many characters", asked.text).error();
  if (error.code != Code::unprocessable || field_of(error)) return as_stranger(std::move(error));
  // Of the two the engine names the message that it did not find.
  const bool about_parent = error.detail.starts_with("parent_id");
  if (!asked.parent.empty() && (about_parent || asked.mentions.empty()))
    return bad_field("ParentMessageID", invalid,
                     "parent_message_id must be a message of this conversation",
                     asked.parent.text())
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
                     "location, contact, poll",
                     type);
  command.type = *known;
  TRY(content, text_in(body, "content", "Content"));
  auto metadata = body.object("metadata");
  if (!metadata) return fail(Code::bad_request, "metadata must be an object");
  if (*metadata) {
    command.metadata = body.raw("metadata");
    command.sealed = (*metadata)->object("e2ee").value_or(std::nullopt).has_value();
  }
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
    return bad_field("ClientMessageID", too_long, "client_message_id has more than 64 bytes", key);
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
    routes.add("GET", path + "/{id}", {get});
    routes.add("PUT", path + "/{id}", {edit});
    routes.add("DELETE", path + "/{id}", {remove});
  }
}

}  // namespace parley::echo
