#include "dialects/native/parse.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"

namespace parley::native {
namespace {

constexpr std::uint64_t page_limit_max = 200;
constexpr std::uint64_t seq_max = INT64_MAX;
constexpr std::int64_t expires_in_max = 31'536'000;  // a year

Result<std::string> json_object_field(const JsonObject& body, std::string_view name) {
  TRY_DO(body.object(name));
  std::string raw = body.raw(name);
  return raw == "{}" ? std::string{} : raw;
}

Result<void> check_attachment(const JsonObject& attachment) {
  TRY(file, attachment.text("file_id"));
  TRY(url, attachment.text("url"));
  if (file.has_value() == url.has_value())
    return fail(Code::unprocessable, "an attachment has a file_id, or a url");
  if (url && !url->starts_with("http://") && !url->starts_with("https://"))
    return fail(Code::unprocessable, "an attachment's url must be http or https");
  for (std::string_view name : {"mime", "name"}) TRY_DO(attachment.text(name));
  for (std::string_view name : {"size", "width", "height", "duration"}) {
    TRY(number, attachment.number(name));
    if (number.value_or(0) < 0)
      return fail(Code::unprocessable,
                  "an attachment's " + std::string(name) + " must be 0 or more");
  }
  return {};
}

// Only the fields that the contract knows are kept, in its order.
void write_attachment(JsonWriter& json, const JsonObject& attachment) {
  json.open();
  for (std::string_view name :
       {"file_id", "url", "mime", "size", "name", "width", "height", "duration"})
    if (attachment.has(name)) json.raw_field(name, attachment.raw(name));
  json.close();
}

Result<void> read_attachments(const JsonObject& body, engine::SendMessage& command) {
  TRY(attachments, body.objects("attachments"));
  if (!attachments || attachments->empty()) return {};
  JsonWriter json(command.attachments);
  json.open_list();
  for (const JsonObject& attachment : *attachments) {
    TRY_DO(check_attachment(attachment));
    write_attachment(json, attachment);
    TRY(file, attachment.text("file_id"));
    if (file) command.files.emplace_back(*file);
  }
  json.close_list();
  command.attachment_count = attachments->size();
  return {};
}

Result<Mention> read_mention(const JsonObject& one) {
  Mention mention;
  TRY(all, one.flag("all"));
  if (all && *all) return mention;
  TRY(user, one.needed_text("user_id"));
  if (user.empty()) return fail(Code::unprocessable, "a mention's user_id is empty");
  mention.user = UserId{std::string(user)};
  TRY(offset, one.number("offset"));
  TRY(length, one.number("length"));
  constexpr std::int64_t most = 1'000'000;
  if (offset.value_or(-1) < 0 || *offset > most || length.value_or(0) < 1 || *length > most)
    return fail(Code::unprocessable,
                "a mention needs an offset of 0 or more and a length of 1 or more");
  mention.offset = static_cast<std::uint32_t>(*offset);
  mention.length = static_cast<std::uint32_t>(*length);
  return mention;
}

Result<std::optional<std::vector<Mention>>> read_mentions(const JsonObject& body) {
  TRY(all, body.objects("mentions"));
  if (!all) return std::nullopt;
  std::vector<Mention> mentions;
  for (const JsonObject& one : *all) {
    TRY(mention, read_mention(one));
    mentions.push_back(std::move(mention));
  }
  return mentions;
}

Result<MessageId> other_message(const JsonObject& body, std::string_view name) {
  TRY(text, body.text(name));
  if (!text) return MessageId{};
  auto id = MessageId::parse(*text);
  if (!id) return fail(Code::unprocessable, std::string(name) + " is no message's id");
  return *id;
}

Result<std::string> once_key(const JsonObject& body, std::string_view header_key) {
  TRY(client_id, body.text("client_id"));
  if (client_id && client_id->empty()) return fail(Code::unprocessable, "client_id is empty");
  return std::string(client_id ? *client_id : header_key);
}

Result<std::optional<Who>> who_field(const JsonObject& body, std::string_view name) {
  TRY(text, body.text(name));
  if (!text) return std::nullopt;
  auto who = parse_who(*text);
  if (!who) return fail(Code::unprocessable, std::string(name) + " must be all or admins");
  return who;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 19) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value <= seq_max ? std::optional{value} : std::nullopt;
}

constexpr std::string_view hex_digits = "0123456789abcdef";

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    auto high = hex_digits.find(hex[i]), low = hex_digits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::unexpected<Error> bad_after() {
  return fail(Code::bad_request, "after must be the next of an earlier page");
}

using Mode = engine::HistoryQuery::Mode;
constexpr std::array<std::pair<std::string_view, Mode>, 3> history_modes{
    {{"before_seq", Mode::before}, {"after_seq", Mode::after}, {"around_seq", Mode::around}}};

// "b12": older than seq 12; "a12": newer.
Result<engine::HistoryQuery> history_after(std::string_view token, std::size_t limit) {
  auto text = from_hex(token);
  if (!text || text->size() < 2 || (text->front() != 'b' && text->front() != 'a'))
    return bad_after();
  auto seq = parse_number(std::string_view(*text).substr(1));
  if (!seq) return bad_after();
  return engine::HistoryQuery{text->front() == 'b' ? Mode::before : Mode::after, Seq{*seq}, limit};
}

Result<engine::HistoryQuery> one_mode(engine::HistoryQuery query, std::size_t given) {
  if (given > 1)
    return fail(Code::bad_request, "give only one of before_seq, after_seq, around_seq and after");
  return query;
}

}  // namespace

// As an escape; as itself it is not JSON.
Result<void> no_zero_characters(std::string_view json) {
  constexpr std::string_view zero = "\\u0000";
  for (auto at = json.find(zero); at != std::string_view::npos; at = json.find(zero, at + 1)) {
    std::size_t slashes = 0;
    while (slashes < at && json[at - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return fail(Code::unprocessable, "a text contains U+0000");
  }
  return {};
}

Result<ConversationId> conversation_id(std::string_view text) {
  auto id = ConversationId::parse(text);
  if (!id) return fail(Code::not_found, "there is no such conversation, or you are not in it");
  return *id;
}

Result<MessageId> message_id(std::string_view text) {
  auto id = MessageId::parse(text);
  if (!id)
    return fail(Code::not_found, "there is no such message, or you are not in its conversation");
  return *id;
}

Result<engine::EditMessage> edit_message(const JsonObject& body, MessageId id) {
  if (body.has("attachments"))
    return fail(Code::unprocessable, "attachments stay as they were sent: send another message");
  engine::EditMessage command;
  command.id = id;
  TRY(text, body.text("text"));
  if (text) command.text = std::string(*text);
  if (body.has("metadata")) {
    TRY(metadata, json_object_field(body, "metadata"));
    command.metadata = std::move(metadata);
  }
  TRY(mentions, read_mentions(body));
  command.mentions = std::move(mentions);
  return command;
}

Result<engine::SendMessage> send_message(const JsonObject& body, ConversationId where,
                                         std::string_view header_key) {
  engine::SendMessage command;
  command.where = where;
  TRY(text, body.text("text"));
  if (text) command.text = *text;
  TRY(type, body.text("type"));
  if (type) {
    auto known = parse_message_type(*type);
    if (!known || *known > MessageType::system)
      return fail(Code::unprocessable,
                  "type must be one of text, image, video, audio, file, location, emoji, system");
    command.type = *known;
  }
  TRY_DO(read_attachments(body, command));
  TRY(metadata, json_object_field(body, "metadata"));
  command.metadata = std::move(metadata);
  TRY(sealed, body.flag("sealed"));
  command.sealed = sealed.value_or(false);
  TRY(expires_in, body.number("expires_in"));
  if (expires_in && (*expires_in < 1 || *expires_in > expires_in_max))
    return fail(Code::unprocessable, "expires_in is 1 to 31536000 seconds");
  if (expires_in) command.expires_in = std::chrono::seconds{*expires_in};
  TRY(parent, other_message(body, "parent_id"));
  command.parent = parent;
  TRY(quote, other_message(body, "quote_id"));
  command.quote = quote;
  TRY(mentions, read_mentions(body));
  if (mentions) command.mentions = std::move(*mentions);
  TRY(client_id, body.text("client_id"));
  if (client_id) command.client_id = *client_id;
  TRY(once, once_key(body, header_key));
  command.once = std::move(once);
  return command;
}

Result<engine::CreateConversation> create_conversation(const JsonObject& body,
                                                       std::string_view header_key) {
  engine::CreateConversation command;
  TRY(type, body.needed_text("type"));
  auto known = parse_conversation_type(type);
  if (!known) return fail(Code::unprocessable, "type must be direct, group or channel");
  command.type = *known;
  TRY(members, body.texts("members"));
  if (members)
    for (std::string_view user : *members) command.members.push_back({std::string(user)});
  TRY(name, body.text("name"));
  if (name) command.name = *name;
  TRY(metadata, json_object_field(body, "metadata"));
  command.metadata = std::move(metadata);
  TRY(once, once_key(body, header_key));
  command.once = std::move(once);
  return command;
}

Result<engine::UpdateConversation> update_conversation(const JsonObject& body,
                                                       ConversationId where) {
  engine::UpdateConversation command;
  command.where = where;
  TRY(name, body.text("name"));
  if (name) command.name = std::string(*name);
  TRY(avatar, body.text("avatar_url"));
  if (avatar && !avatar->empty() && !avatar->starts_with("http://") &&
      !avatar->starts_with("https://"))
    return fail(Code::unprocessable, "avatar_url must be http or https, or empty");
  if (avatar) command.avatar_url = std::string(*avatar);
  if (body.has("metadata")) {
    TRY(metadata, json_object_field(body, "metadata"));
    command.metadata = std::move(metadata);
  }
  TRY(settings, body.object("settings"));
  if (!settings) return command;
  TRY(receipts, settings->flag("read_receipts"));
  command.settings.read_receipts = receipts;
  TRY(who_can_add, who_field(*settings, "who_can_add"));
  command.settings.who_can_add = who_can_add;
  TRY(who_can_post, who_field(*settings, "who_can_post"));
  command.settings.who_can_post = who_can_post;
  TRY(slow_mode, settings->number("slow_mode_s"));
  if (slow_mode) command.settings.slow_mode = std::chrono::seconds{*slow_mode};
  TRY(retention, settings->number("retention_days"));
  if (retention)
    command.settings.retention_days =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(*retention, -1, UINT32_MAX));
  TRY(first_message_limit, settings->flag("first_message_limit"));
  command.settings.first_message_limit = first_message_limit;
  return command;
}

Result<OwnPatch> own_settings(const JsonObject& body) {
  OwnPatch patch;
  TRY(pinned, body.flag("pinned"));
  patch.pinned = pinned;
  TRY(archived, body.flag("archived"));
  patch.archived = archived;
  TRY(receipts, body.flag("read_receipts"));
  patch.read_receipts = receipts;
  TRY(notifications, body.text("notifications"));
  if (notifications) {
    patch.notifications = parse_notify(*notifications);
    if (!patch.notifications)
      return fail(Code::unprocessable, "notifications must be all, mentions or none");
  }
  if (body.is_null("muted_until")) {
    patch.muted_until = Time{};
    return patch;
  }
  TRY(muted_until, body.text("muted_until"));
  if (muted_until) {
    patch.muted_until = parse_rfc3339(*muted_until);
    if (!patch.muted_until)
      return fail(Code::unprocessable,
                  "muted_until must be a time such as 2026-01-02T03:04:05Z, or null");
  }
  return patch;
}

Result<engine::AddMembers> add_members(const JsonObject& body, ConversationId where) {
  engine::AddMembers command;
  command.where = where;
  TRY(one, body.text("user_id"));
  TRY(many, body.texts("user_ids"));
  if (one) command.users.push_back({std::string(*one)});
  if (many)
    for (std::string_view user : *many) command.users.push_back({std::string(user)});
  if (body.has("role")) {
    TRY(role, role_of(body));
    command.role = role;
  }
  return command;
}

Result<Role> role_of(const JsonObject& body) {
  TRY(text, body.needed_text("role"));
  auto role = parse_role(text);
  if (!role) return fail(Code::unprocessable, "role must be owner, admin, member or reader");
  return *role;
}

Result<bool> typing_of(const JsonObject& body) {
  TRY(is_typing, body.flag("is_typing"));
  if (!is_typing) return fail(Code::unprocessable, "is_typing must be true or false");
  return *is_typing;
}

Result<Seq> seq_of(const JsonObject& body) {
  TRY(seq, body.number("seq"));
  if (!seq || *seq < 0) return fail(Code::unprocessable, "seq must be a whole number, 0 or more");
  return Seq{static_cast<std::uint64_t>(*seq)};
}

Result<std::optional<std::uint64_t>> number_of(const net::Query& query, std::string_view name) {
  auto text = query.get(name);
  if (!text) return std::nullopt;
  auto value = parse_number(*text);
  if (!value)
    return fail(Code::bad_request, std::string(name) + " must be a whole number, 0 or more");
  return value;
}

Result<std::size_t> limit_of(const net::Query& query) {
  TRY(limit, number_of(query, "limit"));
  if (!limit) return 50;
  if (*limit < 1 || *limit > page_limit_max)
    return fail(Code::bad_request, "limit must be 1 to 200");
  return *limit;
}

Result<engine::HistoryQuery> history_query(const net::Query& query) {
  TRY(limit, limit_of(query));
  engine::HistoryQuery wanted{Mode::newest, Seq{}, limit};
  wanted.with_progress = true;
  std::size_t given = 0;
  if (auto token = query.get("after")) {
    TRY(next, history_after(*token, limit));
    wanted = next;
    ++given;
  }
  for (auto [name, mode] : history_modes) {
    TRY(seq, number_of(query, name));
    if (!seq) continue;
    wanted = {mode, Seq{*seq}, limit};
    ++given;
  }
  return one_mode(wanted, given);
}

Result<engine::HistoryQuery> history_query(const JsonObject& body) {
  TRY(limit, body.number("limit"));
  if (limit && (*limit < 1 || *limit > static_cast<std::int64_t>(page_limit_max)))
    return fail(Code::bad_request, "limit must be 1 to 200");
  engine::HistoryQuery wanted{Mode::newest, Seq{}, static_cast<std::size_t>(limit.value_or(50))};
  wanted.with_progress = true;
  std::size_t given = 0;
  TRY(token, body.text("after"));
  if (token) {
    TRY(next, history_after(*token, wanted.limit));
    wanted = next;
    ++given;
  }
  for (auto [name, mode] : history_modes) {
    TRY(seq, body.number(name));
    if (!seq) continue;
    if (*seq < 0) return fail(Code::bad_request, std::string(name) + " must be 0 or more");
    wanted.mode = mode;
    wanted.seq = Seq{static_cast<std::uint64_t>(*seq)};
    ++given;
  }
  return one_mode(wanted, given);
}

Result<engine::ListQuery> list_query(const net::Query& query) {
  engine::ListQuery wanted;
  wanted.whole_messages = true;
  TRY(limit, limit_of(query));
  wanted.limit = limit;
  if (auto type = query.get("type")) {
    wanted.type = parse_conversation_type(*type);
    if (!wanted.type) return fail(Code::bad_request, "type must be direct, group or channel");
  }
  if (auto unread = query.get("unread")) {
    if (*unread != "true" && *unread != "false")
      return fail(Code::bad_request, "unread must be true or false");
    wanted.unread_only = *unread == "true";
  }
  if (auto with = query.get("with")) wanted.with = UserId{std::string(*with)};
  auto token = query.get("after");
  if (!token) return wanted;
  // as_of.activity.id
  auto text = from_hex(*token);
  if (!text) return bad_after();
  std::string_view left = *text;
  auto first = left.find('.'), second = left.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return bad_after();
  auto as_of = Cursor::parse(left.substr(0, first));
  auto activity = parse_number(left.substr(first + 1, second - first - 1));
  auto id = ConversationId::parse(left.substr(second + 1));
  if (!as_of || !activity || !id) return bad_after();
  wanted.after = engine::ListQuery::After{std::move(*as_of),
                                          from_micros(static_cast<std::int64_t>(*activity)), *id};
  return wanted;
}

std::string page_token(std::string_view text) {
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 15];
  }
  return out;
}

std::string page_token(const engine::ListQuery::After& after) {
  return page_token(after.as_of.text() + '.' + std::to_string(to_micros(after.activity)) + '.' +
                    hex24(after.id.bytes));
}

std::string page_token(engine::HistoryQuery::Mode mode, Seq seq) {
  return page_token((mode == Mode::after ? 'a' : 'b') + std::to_string(seq.value));
}

Result<UserId> user_after(const net::Query& query) {
  auto token = query.get("after");
  if (!token) return UserId{};
  auto text = from_hex(*token);
  if (!text || text->empty() || !simdjson::validate_utf8(text->data(), text->size()) ||
      text->find('\0') != std::string::npos)
    return bad_after();
  return UserId{std::move(*text)};
}

}  // namespace parley::native
