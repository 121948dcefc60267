#include "dialects/dinq/call.h"

#include <algorithm>

namespace parley::dinq {
namespace {

constexpr std::size_t page_max = 1'000;
constexpr std::size_t offset_max = 1'000'000;

unsigned status_of(const Error& error) {
  switch (error.code) {
    case Code::unprocessable:
    case Code::gone:
      return 400;
    default:
      return http_status(error.code);
  }
}

void write_envelope(JsonWriter& json, int code, std::string_view message) {
  json.field("code", code);
  json.field("message", message);
}

}  // namespace

Result<JsonObject> Call::body() const {
  auto object = parse_json_object(request.body);
  if (!object) return fail(Code::bad_request, "invalid request body");
  return object;
}

Page page_of(const Call& call, std::size_t fallback) {
  return {std::min(rest::whole_number(call.query("limit")).value_or(fallback), page_max),
          std::min(rest::whole_number(call.query("offset")).value_or(0), offset_max)};
}

void add_api(Routes& routes, std::string_view method, const std::string& path, RouteFn run) {
  for (const char* family : {"/api/v1", "/api"}) routes.add(method, family + path, {run});
}

void add_admin(Routes& routes, std::string_view method, const std::string& path, RouteFn run) {
  for (const char* family : {"/api/admin", "/api/v1/admin"})
    routes.add(method, family + path, {run, Access::admin});
}

net::Response plain_json(std::string body) {
  net::Response response;
  response.body = std::move(body);
  response.with("Content-Type", "application/json; charset=utf-8");
  return response;
}

net::Response success(const std::function<void(JsonWriter&)>& data) {
  std::string body;
  JsonWriter json(body);
  json.open();
  write_envelope(json, 0, "success");
  json.key("data");
  data(json);
  json.close();
  return plain_json(std::move(body));
}

net::Response done(std::string_view text) {
  std::string body;
  JsonWriter json(body);
  json.open();
  write_envelope(json, 0, text);
  json.close();
  return plain_json(std::move(body));
}

// The code is always 500; the status tells the kind.
net::Response refusal(const Error& error) {
  std::string body;
  JsonWriter json(body);
  json.open();
  write_envelope(json, 500,
                 error.detail.empty() ? title_of(error.code) : std::string_view(error.detail));
  json.close();
  net::Response response = plain_json(std::move(body));
  response.status = status_of(error);
  if (error.code == Code::unavailable) response.with("Retry-After", "1");
  return response;
}

}  // namespace parley::dinq
