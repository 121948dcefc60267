#include <gtest/gtest.h>

#include "net/http.h"

namespace parley::net {
namespace {

TEST(Query, decodes_names_and_values_in_order) {
  const Query query("a=1&b=%C3%A4+x&a=2&c&=e&&d=x=y");
  EXPECT_EQ(query.get("a"), "1");
  EXPECT_EQ(query.get("b"), "ä x");
  EXPECT_EQ(query.get("c"), "");
  EXPECT_EQ(query.get("d"), "x=y");
  EXPECT_EQ(query.get("z"), std::nullopt);
  EXPECT_EQ(query.all().size(), 6U);
}

TEST(Query, broken_escapes_stay_as_they_are) {
  EXPECT_EQ(Query("a=%zz%4&b=%").get("a"), "%zz%4");
  EXPECT_EQ(Query("a=%41%").get("a"), "A%");
}

TEST(Segment, is_percent_decoded_and_plus_stays) {
  EXPECT_EQ(decode_segment("anna%2Fm%C3%BCller+x"), "anna/müller+x");
  EXPECT_EQ(decode_segment(""), "");
}

TEST(Segment, is_nothing_where_an_escape_is_broken_or_it_is_not_utf8) {
  for (const char* segment : {"%", "%4", "%zz", "a%C3", "%FF", "%ED%A0%80"})
    EXPECT_EQ(decode_segment(segment), std::nullopt) << segment;
}

TEST(Request, headers_are_found_whatever_their_case) {
  Request request;
  request.headers = {{"Content-Type", "a"}, {"content-type", "b"}};
  EXPECT_EQ(request.header("CONTENT-TYPE"), "a");
  EXPECT_EQ(request.header("Accept"), std::nullopt);
}

}  // namespace
}  // namespace parley::net
