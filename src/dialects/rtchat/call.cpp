#include "dialects/rtchat/call.h"

#include <algorithm>

namespace parley::rtchat {

Result<JsonObject> Call::body() {
  request.body = surrogates_mended(request.body);
  auto object = parse_json_object(request.body);
  if (!object) return fail(Code::bad_request, "the body must be a JSON object");
  return object;
}

Result<void> Call::admit() const {
  const auto verdict = door.shared.requests->take(user.text, door.engine.clock().instant());
  if (verdict.allowed) return {};
  return fail({Code::rate_limited, "too many requests; wait a moment", verdict.until_next});
}

net::Response answer_with(unsigned status, const std::function<void(JsonWriter&)>& body) {
  net::Response response;
  response.status = status;
  std::string out;
  JsonWriter json(out);
  body(json);
  response.body = safe_in_html(out);
  response.with("Content-Type", "application/json");
  return response;
}

// One line of plain text: clients print it as it is.
net::Response refusal(const Error& error) {
  net::Response response;
  response.status = http_status(error.code);
  response.body = error.detail.empty() ? std::string(title_of(error.code)) : error.detail;
  std::ranges::replace(response.body, '\n', ' ');
  response.body += '\n';
  response.with("Content-Type", "text/plain; charset=utf-8");
  if (response.status == 401) response.with("WWW-Authenticate", "Bearer");
  rest::say_when_again(response, error);
  return response;
}

}  // namespace parley::rtchat
