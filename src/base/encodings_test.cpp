#include "base/encodings.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(Encodings, a_url_holds_what_is_plain_as_it_is) {
  EXPECT_EQ(percent_encoded("a b/\u00e9~", Slashes::kept), "a%20b/%C3%A9~");
  EXPECT_EQ(percent_encoded("a/b%"), "a%2Fb%25");
  EXPECT_EQ(percent_encoded(""), "");
}

TEST(Encodings, markup_is_shown_as_text) {
  EXPECT_EQ(html_escaped("<a href=\"x\" id='y'>R&D</a>"),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;R&amp;D&lt;/a&gt;");
  EXPECT_EQ(html_escaped(""), "");
}

TEST(Encodings, each_byte_is_two_digits) {
  EXPECT_EQ(hex_of(std::string("\0\xff\x1a", 3)), "00ff1a");
}

}  // namespace
}  // namespace parley
