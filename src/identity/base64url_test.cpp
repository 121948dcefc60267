#include "identity/base64url.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace parley::identity {
namespace {

TEST(Base64url, knows_the_rfcs_examples) {
  EXPECT_EQ(to_base64url(""), "");
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(to_base64url("fo"), "Zm8");
  EXPECT_EQ(to_base64url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64url("\xFB\xEF\xFF"), "--__");
}

TEST(Base64url, any_bytes_come_back) {
  SeededRandom random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(random.next());
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
  }
}

TEST(Base64url, takes_only_the_one_text_of_its_bytes) {
  for (std::string_view bad : {"Z", "Zg==", "Zm8=", "Zh", "Zm9", "Zm 8", "Zm8\n", "+/+/", "Zm9vY"})
    EXPECT_FALSE(from_base64url(bad)) << bad;
  EXPECT_FALSE(from_base64url(std::string_view("Zg\0g", 4)));
}

}  // namespace
}  // namespace parley::identity
