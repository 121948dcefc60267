#include "dialects/messaging/call.h"

#include <algorithm>

namespace parley::messaging {
namespace {

constexpr std::size_t page_max = 100;
constexpr std::size_t offset_max = 1'000'000;

std::optional<std::size_t> positive(std::optional<std::string_view> text) {
  const auto value = rest::whole_number(text);
  return value != 0U ? value : std::nullopt;
}

struct Kind {
  unsigned status;
  std::string_view code;
};

Kind kind_of(const Error& error) {
  switch (error.code) {
    case Code::bad_request:
    case Code::unprocessable:
      return {400, "bad_request"};
    case Code::token_expired:
      return {401, "unauthorized"};
    case Code::not_member:
    case Code::blocked:
    case Code::muted:
      return {403, "forbidden"};
    case Code::gone:
      return {404, "not_found"};
    default:
      return {http_status(error.code), name_of(error.code)};
  }
}

}  // namespace

Result<JsonObject> Call::body() const {
  auto object = parse_json_object(request.body);
  if (!object) return fail(Code::bad_request, "the body must be a JSON object");
  return object;
}

Page page_of(const Call& call, std::size_t fallback) {
  return {std::min(positive(call.query("limit")).value_or(fallback), page_max),
          std::min(positive(call.query("offset")).value_or(0), offset_max)};
}

Result<UserId> user_of(std::string_view text) {
  auto uuid = read_uuid(text);
  if (!uuid) return fail(Code::bad_request, "a user's id must be a UUID");
  return UserId{std::move(*uuid)};
}

net::Response answer_with(unsigned status, const std::function<void(JsonWriter&)>& body) {
  net::Response response;
  response.status = status;
  JsonWriter json(response.body);
  json.time_digits(time_digits);
  body(json);
  response.with("Content-Type", "application/json");
  return response;
}

net::Response done() {
  return answer_with(200, [](JsonWriter& json) { json.raw(R"({"status":"ok"})"); });
}

net::Response refusal(const Error& error) {
  const Kind kind = kind_of(error);
  net::Response response = answer_with(kind.status, [&](JsonWriter& json) {
    json.open();
    json.field("error",
               error.detail.empty() ? title_of(error.code) : std::string_view(error.detail));
    json.field("code", kind.code);
    json.close();
  });
  rest::say_when_again(response, error);
  return response;
}

Task<Result<Message>> living_message(Door& door, engine::Caller caller, MessageId id) {
  CO_TRY(message, co_await door.engine.message(std::move(caller), id));
  if (message.gone()) co_return Error{Code::not_found, "there is no such message", {}};
  co_return std::move(message);
}

static void attach(engine::SendMessage& command) {
  if (command.files.empty()) return;
  JsonWriter json(command.attachments);
  json.open_list();
  for (const std::string& id : command.files) {
    json.open();
    json.field("file_id", id);
    json.close();
  }
  json.close_list();
  command.attachment_count = command.files.size();
}

Error as_forbidden(Error error) {
  if (error.code == Code::not_found)
    return {Code::forbidden, "you are not a member of this conversation", {}};
  return error;
}

Error send_refused(Error error) {
  if (error.code == Code::too_large) error.code = Code::bad_request;
  return as_forbidden(std::move(error));
}

Result<engine::SendMessage> new_message(const Fields& fields, ConversationId where,
                                        std::string_view type) {
  engine::SendMessage command;
  command.where = where;
  auto known = read_type(type.empty() ? "text" : type);
  if (!known || *known == MessageType::system)
    return fail(Code::bad_request, "type must be text, file, image, video or audio");
  command.type = *known;
  TRY(content, fields.text("content"));
  if (content) command.text = *content;
  TRY(metadata, fields.with("metadata").object("metadata"));
  if (metadata) command.metadata = fields.with("metadata").raw("metadata");
  TRY(files, fields.with("file_ids").texts("file_ids"));
  for (std::string_view one : files.value_or(std::vector<std::string_view>{})) {
    auto id = read_uuid(one);
    if (!id) return fail(Code::bad_request, "file_ids must be ids of files");
    command.files.push_back(std::move(*id));
  }
  if (command.text.empty() && command.files.empty())
    return fail(Code::bad_request, "content is required");
  attach(command);
  TRY(reply_to, fields.text("reply_to_id"));
  if (reply_to && !reply_to->empty()) {
    TRY(id, id_of<MessageId>(*reply_to));
    const MessageId unknown{{0xFF}};
    command.parent = command.quote = id.empty() ? unknown : id;
  }
  TRY(key, fields.text("client_id"));
  if (key && key->size() > 64) return fail(Code::bad_request, "client_id has more than 64 bytes");
  if (key) command.client_id = command.once = std::string(*key);
  return command;
}

}  // namespace parley::messaging
