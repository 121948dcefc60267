#include "bench/target.h"

#include <gtest/gtest.h>

#include "bench/http.h"

namespace parley::bench {
namespace {

TEST(ParseUrl, takes_host_and_port) {
  EXPECT_EQ(parse_url("ws://127.0.0.1:8080")->port, "8080");
  EXPECT_EQ(parse_url("ws://127.0.0.1:8080/")->host, "127.0.0.1");
  EXPECT_EQ(parse_url("http://chat.example")->port, "80");
  EXPECT_EQ(parse_url("ws://[::1]:81")->host, "::1");
  EXPECT_EQ(parse_url("ws://[::1]:81")->port, "81");
}

TEST(ParseUrl, refuses_what_it_can_not_use) {
  for (const char* url : {"", "127.0.0.1:8080", "wss://h:1", "ws://", "ws://h:", "ws://h:x",
                          "ws://h/path", "ws://u@h:1"}) {
    EXPECT_FALSE(parse_url(url)) << url;
  }
}

TEST(Resolve, knows_loopback) {
  ASSERT_TRUE(resolve("ws://127.0.0.9:80"));
  EXPECT_TRUE(resolve("ws://127.0.0.9:80")->is_loopback());
  EXPECT_FALSE(resolve("ws://10.0.0.1:80")->is_loopback());
}

TEST(ParseHttpAnswer, takes_the_body_plain_or_in_chunks) {
  const auto plain = parse_http_answer("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->status, 201U);
  EXPECT_EQ(plain->body, "{}");
  const auto chunked = parse_http_answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  ASSERT_TRUE(chunked);
  EXPECT_EQ(chunked->body, "abcde");
}

TEST(ParseHttpAnswer, refuses_what_is_not_http) {
  for (const char* bytes : {"", "SSH-2.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 \r\n\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"}) {
    const auto answer = parse_http_answer(bytes);
    EXPECT_TRUE(!answer || answer->status == 0) << bytes;
  }
}

TEST(Target, connections_take_turns_at_the_nodes_of_a_service) {
  Target service{.host = "a"};
  EXPECT_EQ(service.of_turn(7).host, "a");
  service.also = {{.host = "b"}, {.host = "c"}};
  EXPECT_EQ(service.of_turn(3).host, "a");
  EXPECT_EQ(service.of_turn(4).host, "b");
  EXPECT_EQ(service.of_turn(5).host, "c");
}

}  // namespace
}  // namespace parley::bench
