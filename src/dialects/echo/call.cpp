#include "dialects/echo/call.h"

namespace parley::echo {

Result<JsonObject> Call::body() const {
  auto object = parse_json_object(request.body);
  if (!object) return fail(Code::bad_request, "the body must be a JSON object");
  return object;
}

void Routes::add(std::string_view method, std::string_view pattern, Route route) {
  (pattern.starts_with("/{") ? bare_ : named_).add(method, pattern, route);
}

Result<rest::Router<Route>::Match> Routes::find(std::string_view method,
                                                std::string_view path) const {
  const bool is_id = read_uuid(rest::split_path(path).front()).has_value();
  return is_id ? bare_.find(method, path) : named_.find(method, path);
}

Error as_stranger(Error error) {
  if (error.code != Code::not_found) return error;
  return {Code::not_member, "you are not a participant of this conversation", {}};
}

Result<std::size_t> number_of(const Call& call, std::string_view name, std::string_view field,
                              std::size_t fallback, std::size_t least, std::size_t most) {
  auto text = call.query(name);
  if (!text) return fallback;
  const auto value = rest::whole_number(text);
  if (!value || *value < least || *value > most)
    return bad_field(
        field, invalid,
        std::string(name) + " must be " + std::to_string(least) + " to " + std::to_string(most),
        *text);
  return *value;
}

Result<std::size_t> limit_of(const Call& call, std::size_t fallback) {
  return number_of(call, "limit", "Limit", fallback, 1, 100);
}

Reply good(unsigned status, std::string message, const std::function<void(JsonWriter&)>& data) {
  Reply reply{status, std::move(message), {}, {}};
  JsonWriter json(reply.data);
  data(json);
  return reply;
}

Kind kind_of(const Error& error) {
  switch (error.code) {
    case Code::bad_request:
      return {400, "INVALID_REQUEST", "Bad Request"};
    case Code::unprocessable:
      return {400, "VALIDATION_FAILED", "ValidationError"};
    case Code::unauthorized:
    case Code::token_expired:
      return {401, "UNAUTHENTICATED", "authentication_error"};
    case Code::forbidden:
    case Code::not_member:
    case Code::blocked:
    case Code::muted:
      return {403, "PERMISSION_DENIED", "authorization_error"};
    case Code::not_found:
    case Code::gone:
      return {404, "NOT_FOUND", "not_found_error"};
    case Code::method_not_allowed:
      return {405, "METHOD_NOT_ALLOWED", "method_not_allowed_error"};
    case Code::conflict:
      return {409, "CONFLICT", "conflict_error"};
    case Code::too_large:
      return {413, "PAYLOAD_TOO_LARGE", "bad_request_error"};
    case Code::rate_limited:
      return {429, "RATE_LIMIT_EXCEEDED", "rate_limit_error"};
    case Code::unavailable:
      return {503, "UNAVAILABLE", "unavailable_error"};
    default:
      return {http_status(error.code), "INTERNAL_ERROR", "internal_error"};
  }
}

}  // namespace parley::echo
