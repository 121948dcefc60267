#include "bench/peer_wire.h"

#include <gtest/gtest.h>

namespace parley::bench {
namespace {

TEST(Nats, a_message_is_whole_with_its_body) {
  const std::string_view bytes = "MSG bench.1 1 5\r\nhello\r\nPING\r\n";
  const auto size = nats_wire.packet_size(bytes);
  ASSERT_EQ(size, bytes.size() - 6);
  EXPECT_EQ(nats_wire.packet_size(bytes.substr(0, *size - 1)), std::nullopt);
  const Packet packet = nats_wire.read(bytes.substr(0, *size));
  EXPECT_EQ(packet.what, Heard::message);
  EXPECT_TRUE(packet.text.starts_with("hello"));
}

TEST(Nats, pings_are_answered_and_refusals_told) {
  EXPECT_EQ(nats_wire.read("PING\r\n").reply, "PONG\r\n");
  EXPECT_EQ(nats_wire.read("-ERR 'no'\r\n").what, Heard::refusal);
  EXPECT_EQ(nats_wire.read("INFO {}\r\n").what, Heard::other);
}

TEST(Jetstream, an_answer_is_an_acknowledgement_unless_it_is_an_error) {
  EXPECT_EQ(jetstream_wire.read("MSG ack.1 1 9\r\n{\"seq\":1}\r\n").what, Heard::acknowledged);
  EXPECT_EQ(jetstream_wire.read("MSG ack.1 1 12\r\n{\"error\":{}}\r\n").what, Heard::refusal);
}

TEST(Mqtt, what_is_published_is_read_again) {
  const std::string text(300, 'x');  // its size takes two bytes
  const std::string bytes = mqtt1_wire.publish("bench/1", "", text);
  EXPECT_EQ(mqtt1_wire.packet_size(bytes), bytes.size());
  EXPECT_EQ(mqtt1_wire.packet_size(bytes.substr(0, bytes.size() - 1)), std::nullopt);
  const Packet packet = mqtt1_wire.read(bytes);
  EXPECT_EQ(packet.what, Heard::message);
  EXPECT_EQ(packet.text, text);
  EXPECT_EQ(mqtt1_wire.read(packet.reply).what, Heard::acknowledged);
}

TEST(Mqtt, a_refused_connection_is_a_refusal) {
  EXPECT_EQ(mqtt0_wire.read(std::string_view("\x20\x02\x00\x00", 4)).what, Heard::pong);
  EXPECT_EQ(mqtt0_wire.read(std::string_view("\x20\x02\x00\x05", 4)).what, Heard::refusal);
}

TEST(PeerWires, are_found_by_name) {
  EXPECT_EQ(find_peer_wire("jetstream"), &jetstream_wire);
  EXPECT_EQ(find_peer_wire("pigeon"), nullptr);
}

}  // namespace
}  // namespace parley::bench
