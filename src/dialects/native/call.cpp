#include "dialects/native/call.h"

#include "dialects/native/parse.h"

namespace parley::native {

Result<JsonObject> Call::body() const {
  auto type = request.header("Content-Type");
  if (type && !type->empty() && !type->starts_with("application/json") &&
      !type->starts_with("application/merge-patch+json"))
    return fail(Code::unsupported_media_type, "the body must be application/json");
  TRY_DO(no_zero_characters(request.body));
  return parse_json_object(request.body);
}

std::string_view Call::idempotency_key() const {
  return request.header("Idempotency-Key").value_or(std::string_view{});
}

Result<ConversationId> Call::conversation() const { return conversation_id(params.front()); }

net::Response json_answer(unsigned status, std::string body) {
  net::Response response;
  response.status = status;
  response.body = std::move(body);
  response.with("Content-Type", "application/json");
  return response;
}

net::Response nothing_to_say() {
  net::Response response;
  response.status = 204;
  return response;
}

net::Response problem(const Error& error, std::string_view request_id) {
  net::Response response;
  response.status = http_status(error.code);
  JsonWriter json(response.body);
  json.open();
  json.field("type", "urn:parley:" + std::string(name_of(error.code)));
  json.field("title", title_of(error.code));
  json.field("status", response.status);
  if (!error.detail.empty()) json.field("detail", error.detail);
  json.field("code", name_of(error.code));
  json.field("request_id", request_id);
  json.close();
  response.with("Content-Type", "application/problem+json");
  if (error.code == Code::unauthorized) response.with("WWW-Authenticate", "Bearer");
  if (error.code == Code::rate_limited || error.code == Code::unavailable) {
    auto seconds = std::chrono::ceil<std::chrono::seconds>(
        std::max(error.retry_after, std::chrono::milliseconds{1}));
    response.with("Retry-After", std::to_string(seconds.count()));
  }
  return response;
}

}  // namespace parley::native
