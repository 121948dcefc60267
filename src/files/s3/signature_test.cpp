#include "files/s3/signature.h"

#include <gtest/gtest.h>

namespace parley::files {
namespace {

// The worked example of AWS's own documentation of presigned requests.
TEST(Signature, is_that_of_the_documented_example) {
  const S3Address address{.key = "AKIAIOSFODNN7EXAMPLE",
                          .secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                          .host = "examplebucket.s3.amazonaws.com",
                          .bucket = {},
                          .prefix = {}};
  const Time then = parse_rfc3339("2013-05-24T00:00:00Z").value_or(Time{});
  const std::string link = signed_link(address, "/test.txt", {}, std::chrono::hours{24}, then);
  EXPECT_TRUE(link.starts_with("https://examplebucket.s3.amazonaws.com/test.txt?"));
  EXPECT_TRUE(
      link.ends_with("X-Amz-Signature="
                     "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
      << link;
}

TEST(S3Address, is_read_whole) {
  const auto address =
      parse_s3_address("s3://key:se%2Fcret@host:9000/bucket/a/b?region=eu&plain=on");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->secret, "se/cret");
  EXPECT_EQ(address->host, "host:9000");
  EXPECT_EQ(address->bucket, "bucket");
  EXPECT_EQ(address->prefix, "a/b");
  EXPECT_EQ(address->region, "eu");
  EXPECT_TRUE(address->plain);
  for (const char* bad : {"", "s3://", "s3://host/bucket", "s3://k:s@host", "s3://k:s@host/",
                          "http://k:s@h/b", "s3://k:s@host/b?plain=maybe", "s3://k:s@host/b?x=y"})
    EXPECT_FALSE(parse_s3_address(bad)) << bad;
}

}  // namespace
}  // namespace parley::files
