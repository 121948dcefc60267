#include "net/frame.h"

#include <gtest/gtest.h>

#include <random>

#include "net/deflate.h"
#include "net/send_queue.h"
#include "net/ws_codec.h"

namespace parley::net {
namespace {

std::string next_bytes(const SendQueue& queue, std::size_t room = 100) {
  std::string bytes(room, '\0');
  bytes.resize(queue.gather(bytes));
  return bytes;
}

std::string next_parts(const SendQueue& queue) {
  std::array<iovec, 128> parts;
  std::string bytes;
  const std::size_t count = queue.parts(parts);
  for (std::size_t i = 0; i < count; ++i)
    bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return bytes;
}

TEST(Frame, has_its_header_before_the_payload) {
  EXPECT_EQ(Frame::text("hi")->plain(), "\x81\x02hi");
  EXPECT_EQ(Frame::binary("")->plain(), std::string_view("\x82\x00", 2));
  EXPECT_EQ(Frame::text(std::string(200, 'a'))->plain().size(), 204U);
  EXPECT_EQ(Frame::text(std::string(70'000, 'a'))->plain().size(), 70'010U);
}

TEST(Frame, is_deflated_once_for_all_receivers) {
  const std::string payload(5'000, 'q');
  const FrameRef frame = Frame::text(payload);
  const std::string_view packed = frame->deflated();
  EXPECT_LT(packed.size(), 100U);
  EXPECT_EQ(static_cast<unsigned char>(packed[0]), 0xC1);
  EXPECT_EQ(frame->deflated().data(), packed.data());
  Inflater inflater;
  EXPECT_EQ(inflater.inflate(packed.substr(2), 10'000).bytes, payload);
}

TEST(Frame, stays_plain_where_deflating_does_not_help) {
  std::string noise;
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) noise += static_cast<char>(random());
  for (const FrameRef& frame : {Frame::text("short"), Frame::binary(noise),
                                Frame::control(Opcode::ping, "p"), Frame::raw("HTTP")})
    EXPECT_EQ(frame->deflated().data(), frame->plain().data());
}

TEST(SendQueue, gives_out_the_same_bytes_in_parts_and_gathered) {
  SendQueue queue;
  queue.push(Frame::text("one"));
  queue.push(Frame::text("two"));
  EXPECT_EQ(queue.bytes(), 10U);
  EXPECT_EQ(next_parts(queue), "\x81\x03one\x81\x03two");
  EXPECT_EQ(next_bytes(queue), next_parts(queue));
  EXPECT_EQ(next_bytes(queue, 6), "\x81\x03one\x81");
}

TEST(SendQueue, goes_on_where_a_write_stopped) {
  SendQueue queue;
  for (int i = 0; i < 500; ++i) queue.push(Frame::text("abc"));
  std::string all;
  while (!queue.empty()) {
    const std::string part = next_bytes(queue, 7);
    all += part;
    queue.written(part.size());
  }
  EXPECT_EQ(all.size(), 2'500U);
  EXPECT_EQ(all.substr(2'490),
            "\x81\x03"
            "abc\x81\x03"
            "abc");
  EXPECT_EQ(queue.weight(), 0U);
}

TEST(SendQueue, drops_only_what_nobody_has_seen_a_byte_of) {
  SendQueue queue;
  for (const char* text : {"one", "two", "three"}) queue.push(Frame::text(text));
  queue.written(1);
  queue.drop_unsent(0);
  EXPECT_EQ(next_bytes(queue), "\x03one");

  queue.push(Frame::text("four"));
  queue.push(Frame::text("five"));
  queue.drop_unsent(5);  // TLS was shown the rest of "one" and a byte of "four"
  EXPECT_EQ(next_bytes(queue),
            "\x03one\x81\x04"
            "four");
  queue.written(10);
  queue.push(Frame::text("x"));
  queue.drop_unsent(0);
  EXPECT_TRUE(queue.empty());
}

TEST(SendQueue, many_tiny_frames_weigh_more_than_their_bytes) {
  SendQueue queue;
  for (int i = 0; i < 100; ++i) queue.push(Frame::text(""));
  EXPECT_EQ(queue.bytes(), 200U);
  EXPECT_GT(queue.weight(), 3'000U);
}

}  // namespace
}  // namespace parley::net
