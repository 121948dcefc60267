#include "dialects/pulse/call.h"

#include <algorithm>

namespace parley::pulse {
namespace {

constexpr std::size_t page_fallback = 50;
constexpr std::size_t page_max = 100;

std::optional<std::size_t> positive(std::optional<std::string_view> text) {
  const auto value = rest::whole_number(text);
  return value != 0U ? value : std::nullopt;
}

unsigned status_of(Code code) {
  switch (code) {
    case Code::unprocessable:
    case Code::too_large:
      return 400;
    case Code::not_member:
    case Code::gone:
      return 404;
    default:
      return http_status(code);
  }
}

}  // namespace

Result<JsonObject> Call::body() {
  request.body = surrogates_mended(request.body);
  auto object = parse_json_object(request.body);
  if (!object) return fail(Code::bad_request, "the body must be a JSON object");
  return object;
}

Page page_of(const net::Request& request) {
  Page page{.limit = positive(request.query.get("limit")).value_or(page_fallback), .offset = 0};
  if (page.limit > page_max) page.limit = page_fallback;
  if (auto offset = request.query.get("offset"))
    page.offset = positive(offset).value_or(0);
  else if (auto number = positive(request.query.get("page")))
    page.offset = *number - 1 > SIZE_MAX / page.limit ? SIZE_MAX : (*number - 1) * page.limit;
  return page;
}

void add_route(Routes& routes, std::string_view method, std::string_view pattern, RouteFn run,
               Access access) {
  std::string endpoint;
  for (const char c : pattern) {
    if (c == '{')
      endpoint += ':';
    else if (c != '}')
      endpoint += c;
  }
  routes.add(method, pattern, {run, std::move(endpoint), access});
}

net::Response answer_with(unsigned status, const std::function<void(JsonWriter&)>& body) {
  net::Response response;
  response.status = status;
  JsonWriter json(response.body);
  body(json);
  response.with("Content-Type", "application/json; charset=utf-8");
  return response;
}

net::Response data(unsigned status, const std::function<void(JsonWriter&)>& what) {
  return answer_with(status, [&](JsonWriter& json) {
    json.open();
    json.key("data");
    what(json);
    json.close();
  });
}

net::Response done(std::string_view text) {
  return answer_with(200, [&](JsonWriter& json) {
    json.open();
    json.field("message", text);
    json.close();
  });
}

net::Response refusal(const Error& error) {
  net::Response response = answer_with(status_of(error.code), [&](JsonWriter& json) {
    json.open();
    json.field("error",
               error.detail.empty() ? title_of(error.code) : std::string_view(error.detail));
    json.close();
  });
  rest::say_when_again(response, error);
  return response;
}

}  // namespace parley::pulse
