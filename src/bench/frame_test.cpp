#include "bench/frame.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

std::string from_server(std::string_view payload, char first = '\x81') {
  std::string out(1, first);
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else {
    out += '\x7E';
    out += static_cast<char>(payload.size() >> 8U);
    out += static_cast<char>(payload.size() & 0xFFU);
  }
  return out += payload;
}

TEST(TakeFrame, takes_whole_frames_and_leaves_the_beginning_of_the_next) {
  const std::string long_text(300, 'x');
  const std::string bytes = from_server("one") + from_server(long_text) +
                            "\x81\x05"
                            "par";
  std::string_view input = bytes;
  Frame frame;
  ASSERT_EQ(take_frame(input, frame), Scan::frame);
  EXPECT_EQ(frame.payload, "one");
  ASSERT_EQ(take_frame(input, frame), Scan::frame);
  EXPECT_EQ(frame.payload, long_text);
  EXPECT_EQ(take_frame(input, frame), Scan::incomplete);
  EXPECT_EQ(input,
            "\x81\x05"
            "par");
}

TEST(TakeFrame, is_incomplete_at_every_earlier_end) {
  const std::string bytes = from_server(std::string(200, 'y'));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view input = std::string_view(bytes).substr(0, size);
    Frame frame;
    EXPECT_EQ(take_frame(input, frame), Scan::incomplete) << size;
    EXPECT_EQ(input.size(), size);
  }
}

TEST(TakeFrame, reads_lengths_of_eight_bytes) {
  const std::string text(70'000, 'z');
  std::string bytes("\x81\x7F\0\0\0\0\0\x01\x11\x70", 10);
  bytes += text;
  std::string_view input = bytes;
  Frame frame;
  ASSERT_EQ(take_frame(input, frame), Scan::frame);
  EXPECT_EQ(frame.payload, text);
}

TEST(TakeFrame, tells_control_frames) {
  const std::string bytes = from_server("hi", '\x89');
  std::string_view input = bytes;
  Frame frame;
  ASSERT_EQ(take_frame(input, frame), Scan::frame);
  EXPECT_EQ(frame.opcode, Opcode::ping);
}

TEST(TakeFrame, refuses_what_no_server_sends) {
  Frame frame;
  for (const std::string& bytes :
       {std::string("\x81\x80\0\0\0\0", 6), from_server("x", '\x01'), from_server("x", '\xC1'),
        std::string("\x81\x7F\x7F\0\0\0\0\0\0\0", 10)}) {
    std::string_view input = bytes;
    EXPECT_EQ(take_frame(input, frame), Scan::broken);
  }
}

TEST(AppendFrame, masks_with_the_key_zero) {
  std::string out;
  append_frame(out, "hello");
  EXPECT_EQ(out, std::string("\x81\x85\0\0\0\0hello", 11));
  out.clear();
  append_frame(out, std::string(200, 'a'));
  EXPECT_EQ(out.substr(0, 8), std::string("\x81\xFE\0\xC8\0\0\0\0", 8));
  out.clear();
  append_frame(out, std::string(65'536, 'b'));
  EXPECT_EQ(out.substr(0, 14), std::string("\x81\xFF\0\0\0\0\0\x01\0\0\0\0\0\0", 14));
  out.clear();
  append_frame(out, "", Opcode::pong);
  EXPECT_EQ(out, std::string("\x8A\x80\0\0\0\0", 6));
}

}  // namespace
}  // namespace parley::bench
