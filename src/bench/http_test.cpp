#include "bench/http.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(HttpAnswerSize, is_known_once_the_whole_answer_is_there) {
  const std::string_view answer = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1";
  EXPECT_EQ(http_answer_size(answer), answer.size() - 8);
  EXPECT_EQ(http_answer_size(answer.substr(0, answer.size() - 9)), std::nullopt);
  EXPECT_EQ(http_answer_size(answer.substr(0, 20)), std::nullopt);
  EXPECT_EQ(http_answer_size("HTTP/1.1 204 No Content\r\n\r\n"), 27U);
}

TEST(ParseHttpAnswer, joins_chunks) {
  const auto answer = parse_http_answer(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->body, "abcde");
}

}  // namespace
}  // namespace parley::bench
