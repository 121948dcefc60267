#include "dialects/rest/rest.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace parley::rest {
namespace {

Router<int> some_routes() {
  Router<int> routes;
  routes.add("GET", "/v1/things", 1);
  routes.add("POST", "/v1/things", 2);
  routes.add("GET", "/v1/things/{id}", 3);
  routes.add("DELETE", "/v1/things/{id}/parts/{part}", 4);
  return routes;
}

TEST(Router, finds_by_method_and_path_and_decodes_parameters) {
  auto routes = some_routes();
  EXPECT_EQ(*routes.find("POST", "/v1/things")->target, 2);
  auto match = routes.find("DELETE", "/v1/things/a%20b/parts/%C3%A9");
  ASSERT_TRUE(match);
  EXPECT_EQ(*match->target, 4);
  EXPECT_EQ(match->params, (Params{"a b", "é"}));
}

TEST(Router, head_is_wherever_get_is) {
  EXPECT_EQ(*some_routes().find("HEAD", "/v1/things/x")->target, 3);
}

TEST(Router, another_method_is_told_which_are_allowed) {
  auto match = some_routes().find("PUT", "/v1/things");
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().code, Code::method_not_allowed);
  EXPECT_EQ(match.error().detail, "GET, HEAD, POST");
}

TEST(Router, what_is_not_there_is_not_found) {
  for (std::string_view path :
       {"/", "/v1", "/v1/things/", "/v1/things/a/b", "/v1/things/%ff", "/v2/things"}) {
    auto match = some_routes().find("GET", path);
    ASSERT_FALSE(match) << path;
    EXPECT_EQ(match.error().code, Code::not_found) << path;
  }
}

net::Request preflight_from(std::string origin) {
  net::Request request;
  request.method = "OPTIONS";
  request.headers = {{"Origin", std::move(origin)}, {"Access-Control-Request-Method", "POST"}};
  return request;
}

bool allows(const net::Response& response) {
  for (const net::Header& header : response.headers)
    if (header.name == "Access-Control-Allow-Origin") return true;
  return false;
}

TEST(Cors, a_preflight_is_answered_for_the_origins_that_are_allowed) {
  Cors all({"*"}), one({"https://chat.example"});
  EXPECT_TRUE(allows(*all.preflight(preflight_from("https://any.example"))));
  EXPECT_TRUE(allows(*one.preflight(preflight_from("https://chat.example"))));
  EXPECT_FALSE(allows(*one.preflight(preflight_from("https://other.example"))));
  EXPECT_FALSE(all.preflight(net::Request{}));
}

TEST(Cors, credentials_are_for_named_origins_only) {
  auto credentials = [](const Cors& cors) {
    net::Request request = preflight_from("https://chat.example");
    net::Response response;
    cors.allow(request, response);
    return std::ranges::any_of(response.headers, [](const net::Header& header) {
      return header.name == "Access-Control-Allow-Credentials";
    });
  };
  EXPECT_TRUE(credentials(Cors({"https://chat.example"}, Cors::Credentials::where_named)));
  EXPECT_FALSE(credentials(Cors({"*"}, Cors::Credentials::where_named)));
  EXPECT_FALSE(credentials(Cors({"https://chat.example"})));
}

TEST(Token, is_in_the_header_or_where_a_browser_can_put_it) {
  net::Request request;
  EXPECT_FALSE(bearer_token(request));
  EXPECT_FALSE(handshake_token(request));
  request.headers = {{"Authorization", "bEARER abc"}};
  EXPECT_EQ(bearer_token(request), "abc");
  request.headers = {{"Authorization", "Basic abc"}};
  EXPECT_FALSE(bearer_token(request));
  request.headers = {{"Sec-WebSocket-Protocol", "parley.v1, bearer.x.y"}};
  EXPECT_EQ(handshake_token(request), "x.y");
  EXPECT_TRUE(offers_subprotocol(request, "parley.v1"));
  EXPECT_FALSE(offers_subprotocol(request, "parley"));
  request.query = net::Query("token=abc");
  EXPECT_EQ(handshake_token(request), "abc");
  EXPECT_FALSE(token_of(request));  // REST never takes it from there
  request.headers = {{"Upgrade", "websocket"}};
  EXPECT_EQ(token_of(request), "abc");
  request.headers.push_back({"Authorization", "Bearer junk"});
  EXPECT_EQ(token_of(request), "junk");
}

TEST(RequestId, is_the_callers_own_or_its_trace_or_fresh) {
  SeededRandom random(1);
  net::Request request;
  EXPECT_EQ(request_id_of(request, random).size(), 16U);
  request.headers = {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};
  EXPECT_EQ(request_id_of(request, random), "4bf92f3577b34da6a3ce929d0e0e4736");
  request.headers.push_back({"X-Request-Id", "mine"});
  EXPECT_EQ(request_id_of(request, random), "mine");
  request.headers.back().value = "bad\nid";
  EXPECT_NE(request_id_of(request, random), "bad\nid");
}

}  // namespace
}  // namespace parley::rest
