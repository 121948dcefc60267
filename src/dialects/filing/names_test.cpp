#include <gtest/gtest.h>

#include "dialects/filing/filing.h"

namespace parley::filing {
namespace {

TEST(FileNames, are_the_last_segment_without_what_could_harm) {
  EXPECT_EQ(safe_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_name("C:\\temp\\gr\u00fcn.txt"), "gr\u00fcn.txt");
  EXPECT_EQ(safe_name("a\r\nb\x01.txt"), "ab.txt");
  EXPECT_EQ(safe_name(".."), "file");
  EXPECT_EQ(safe_name(""), "file");
  EXPECT_EQ(safe_name("/"), "file");
  std::string long_name;
  for (int i = 0; i < 200; ++i) long_name += "\u00fc";
  EXPECT_EQ(safe_name(long_name).size(), 254U);
}

TEST(FileTypes, are_what_the_bytes_say_unless_the_name_says_more) {
  EXPECT_EQ(agreed_type("image/png", "text/plain"), "text/plain");
  EXPECT_EQ(agreed_type("text/csv", "text/plain"), "text/csv");
  EXPECT_EQ(agreed_type("text/html", "text/plain"), "text/plain");
  EXPECT_EQ(agreed_type("application/vnd.oasis.opendocument.text", "application/zip"),
            "application/vnd.oasis.opendocument.text");
  EXPECT_EQ(agreed_type("application/x-own", "application/octet-stream"), "application/x-own");
  EXPECT_EQ(agreed_type("application/pdf", "application/octet-stream"), "application/octet-stream");
  EXPECT_EQ(agreed_type("", "image/gif"), "image/gif");
}

TEST(FileTypes, only_harmless_pictures_are_shown_in_a_page) {
  engine::File file;
  file.name = "a b\".svg";
  file.mime = "image/svg+xml";
  EXPECT_EQ(disposition_of(file, Inline::pictures), "attachment; filename*=UTF-8''a%20b%22.svg");
  file.mime = "image/png";
  EXPECT_TRUE(disposition_of(file, Inline::pictures).starts_with("inline"));
  file.mime = "video/mp4";
  EXPECT_TRUE(disposition_of(file, Inline::pictures).starts_with("attachment"));
  EXPECT_TRUE(disposition_of(file, Inline::pictures_and_videos).starts_with("inline"));
}

}  // namespace
}  // namespace parley::filing
