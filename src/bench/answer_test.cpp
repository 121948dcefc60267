#include "bench/answer.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(Scanner, finds_cursors_and_the_end_of_a_resume) {
  Scanner scanner;
  EXPECT_EQ(Scanner::kind_of(R"({"type":"synced","cursor":"abc"})"), Kind::synced);
  EXPECT_EQ(scanner.cursor(R"({"type":"synced","cursor":"abc"})"), "abc");
  EXPECT_EQ(scanner.cursor(R"({"type":"message.created","seq":7,"cursor":"x.y","data":{}})"),
            "x.y");
  EXPECT_EQ(scanner.cursor(R"({"type":"ok","ref":"1"})"), "");
}

constexpr std::string_view event =
    R"({"type":"message.created","conversation_id":"c","seq":12,"cursor":"x","data":{"seq":12,"type":"text"}})";

TEST(Scanner, tells_frames_apart_by_their_own_type) {
  EXPECT_EQ(Scanner::kind_of(event), Kind::message);
  EXPECT_EQ(Scanner::kind_of(R"({"type":"ok","ref":"7","data":{}})"), Kind::ok);
  EXPECT_EQ(Scanner::kind_of(R"({"type":"error","ref":"7","error":{}})"), Kind::error);
  EXPECT_EQ(Scanner::kind_of(R"({"type":"message.updated","seq":3})"), Kind::other);
  EXPECT_EQ(Scanner::kind_of(R"({"type":"typing"})"), Kind::other);
  EXPECT_EQ(Scanner::kind_of(""), Kind::other);
}

TEST(Scanner, finds_the_type_where_it_is_not_the_first_field) {
  EXPECT_EQ(Scanner::kind_of(R"({"seq":1,"data":{"type":"text"},"type":"message.created"})"),
            Kind::message);
  EXPECT_EQ(Scanner::kind_of(R"({"ref":"1","type":"ok"})"), Kind::ok);
}

TEST(Scanner, reads_numbers_of_seq_and_ref) {
  Scanner scanner;
  EXPECT_EQ(scanner.seq(event), 12U);
  EXPECT_EQ(scanner.ref(R"({"type":"ok","ref":"0000000042","data":{"seq":9}})"), 42U);
  EXPECT_EQ(scanner.ref(event), std::nullopt);
  EXPECT_EQ(scanner.ref(R"({"type":"ok","ref":"hello"})"), std::nullopt);
}

TEST(Scanner, finds_a_field_that_is_no_longer_where_it_was) {
  Scanner scanner;
  EXPECT_EQ(scanner.seq(R"({"type":"message.created","seq":5})"), 5U);
  EXPECT_EQ(scanner.seq(R"({"type":"message.created","conversation_id":"long","seq":6})"), 6U);
  EXPECT_EQ(scanner.seq(R"({"seq":7})"), 7U);
  EXPECT_EQ(scanner.seq(""), std::nullopt);
}

TEST(Scanner, is_not_deceived_by_a_text_that_quotes_a_frame) {
  Scanner scanner;
  EXPECT_EQ(scanner.seq(R"({"type":"message.created","data":{"text":"\"seq\":99"},"seq":8})"), 8U);
}

TEST(DescribeError, says_what_helps_against_rate_limits) {
  const auto text = describe_error(
      R"({"type":"error","ref":"1","error":{"code":"rate_limited","message":"slow down"}})");
  EXPECT_NE(text.find("slow down"), text.npos);
  EXPECT_NE(text.find("--rate-limit off"), text.npos);
  EXPECT_NE(describe_error("junk").find("junk"), std::string::npos);
}

TEST(DescribeClose, gives_code_and_reason) {
  EXPECT_NE(describe_close("\x0F\xA8too slow").find("4008 too slow"), std::string::npos);
  EXPECT_NE(describe_close("").find("without a reason"), std::string::npos);
}

}  // namespace
}  // namespace parley::bench
