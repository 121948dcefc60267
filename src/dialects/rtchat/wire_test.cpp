#include "dialects/rtchat/wire.h"

#include <gtest/gtest.h>

namespace parley::rtchat {
namespace {

TEST(Rtchat, what_could_end_a_script_leaves_as_an_escape) {
  EXPECT_EQ(safe_in_html("{\"a\":\"</b>&\u2028\u2029\u20ac\"}"),
            "{\"a\":\"\\u003c/b\\u003e\\u0026\\u2028\\u2029\u20ac\"}");
  EXPECT_EQ(safe_in_html(""), "");
}

TEST(Rtchat, a_message_names_its_channel) {
  Message message;
  message.sender = {"bob"};
  message.text = "hi";
  std::string out;
  JsonWriter json(out);
  write_message(json, message, {{"alice"}, {"bob"}});
  EXPECT_EQ(out, R"({"id":"000000000000000000000000","sender":"bob","content":"hi",)"
                 R"("created_at":"1970-01-01T00:00:00.000Z","participants":["alice","bob"]})");
}

}  // namespace
}  // namespace parley::rtchat
