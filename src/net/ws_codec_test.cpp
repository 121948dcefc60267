#include "net/ws_codec.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "net/deflate.h"
#include "net/test_client.h"
#include "net/ws_mask.h"

namespace parley::net {
namespace {

using test::client_frame;
using test::closing;
using Kind = WsDecoder::Kind;

struct Got {
  Kind kind;
  bool binary;
  unsigned code;
  std::string payload;
  friend bool operator==(const Got&, const Got&) = default;
  friend void PrintTo(const Got& got, std::ostream* out) {
    *out << "{" << static_cast<int>(got.kind) << " " << got.code << " " << got.payload.size() << ":"
         << got.payload.substr(0, 40) << "}";
  }
};

Got text(std::string payload) { return {Kind::message, false, 0, std::move(payload)}; }

constexpr std::uint32_t limit = 100'000;

// Decodes the stream as if it had come in reads that end at these places.
std::vector<Got> decode(std::string_view stream, const std::vector<std::size_t>& cuts,
                        WsDecoder& decoder) {
  std::vector<Got> all;
  Inflater inflater;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t to = i < cuts.size() ? cuts[i] : stream.size();
    std::vector<char> read(stream.begin() + static_cast<long>(from),
                           stream.begin() + static_cast<long>(to));
    from = to;
    std::span<char> input(read);
    for (;;) {
      const WsDecoder::Event event = decoder.next(input, inflater);
      if (event.kind == Kind::more) break;
      const std::string payload(event.kind == Kind::failed ? "" : event.payload);
      all.push_back({event.kind, event.binary, event.code, payload});
      if (event.kind == Kind::failed) return all;
    }
    EXPECT_TRUE(input.empty());
  }
  return all;
}

std::vector<Got> decode(std::string_view stream, bool deflate = false) {
  WsDecoder decoder(limit, deflate);
  return decode(stream, {}, decoder);
}

unsigned failure_of(std::string_view stream, bool deflate = false) {
  const auto all = decode(stream, deflate);
  return all.size() == 1 && all[0].kind == Kind::failed ? all[0].code : 0;
}

std::string deflated(std::string_view payload) {
  std::string packed = deflate_message(payload);
  EXPECT_FALSE(packed.empty());
  return packed;
}

TEST(WsMask, unmasks_every_length_and_goes_on_where_it_stopped) {
  std::string plain;
  for (int i = 0; i < 70; ++i) plain += static_cast<char>(i);
  const std::uint32_t mask = 0x3d21fa37;
  for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
    std::string parts = plain;
    apply_mask(parts.data(), cut, mask);
    apply_mask(parts.data() + cut, parts.size() - cut, turn_mask(mask, cut));
    apply_mask(parts.data(), parts.size(), mask);
    EXPECT_EQ(parts, plain) << cut;
  }
}

TEST(WsCodec, whole_messages_are_handed_out_where_they_lie) {
  std::string stream = client_frame(0x81, "hello");
  std::span<char> input(stream);
  WsDecoder decoder(limit, false);
  Inflater inflater;
  const auto event = decoder.next(input, inflater);
  EXPECT_EQ(event.payload, "hello");
  EXPECT_EQ(event.payload.data(), stream.data() + 6);
  EXPECT_TRUE(decoder.at_rest());
}

TEST(WsCodec, lengths_at_the_borders_of_the_header_forms_are_read) {
  for (const std::size_t bytes :
       {0UL, 1UL, 125UL, 126UL, 127UL, 65535UL, 65536UL, std::size_t{limit}}) {
    const std::string payload(bytes, 'a');
    EXPECT_EQ(decode(client_frame(0x81, payload)), std::vector{text(payload)}) << bytes;
  }
}

TEST(WsCodec, what_the_server_writes_has_the_shortest_length) {
  char header[ws_header_bytes_max];
  EXPECT_EQ(write_ws_header(header, Opcode::text, Packing::plain, 125), 2U);
  EXPECT_EQ(write_ws_header(header, Opcode::text, Packing::plain, 126), 4U);
  EXPECT_EQ(write_ws_header(header, Opcode::text, Packing::plain, 65535), 4U);
  EXPECT_EQ(write_ws_header(header, Opcode::binary, Packing::deflated, 65536), 10U);
  EXPECT_EQ(static_cast<unsigned char>(header[0]), 0xC2);
}

TEST(WsCodec, fragments_become_one_message_and_control_frames_pass_between_them) {
  const std::string stream = client_frame(0x01, "one ") + client_frame(0x89, "p") +
                             client_frame(0x00, "two ") + client_frame(0x8A, "") +
                             client_frame(0x80, "three") + client_frame(0x82, "b");
  const std::vector<Got> expected{{Kind::ping, false, 0, "p"},
                                  {Kind::pong, false, 0, ""},
                                  text("one two three"),
                                  {Kind::message, true, 0, "b"}};
  EXPECT_EQ(decode(stream), expected);
}

TEST(WsCodec, a_character_may_be_cut_by_a_fragment) {
  const std::string euro = "\xE2\x82\xAC";
  EXPECT_EQ(decode(client_frame(0x01, euro.substr(0, 1)) + client_frame(0x80, euro.substr(1))),
            std::vector{text(euro)});
}

TEST(WsCodec, empty_fragments_are_fragments) {
  EXPECT_EQ(decode(client_frame(0x01, "") + client_frame(0x00, "") + client_frame(0x80, "")),
            std::vector{text("")});
}

TEST(WsCodec, text_that_is_not_utf8_fails_with_1007_and_binary_may_be_anything) {
  EXPECT_EQ(failure_of(client_frame(0x81, "\xC0\xAF")), 1007U);
  EXPECT_EQ(failure_of(client_frame(0x81, "\xED\xA0\x80")), 1007U);
  EXPECT_EQ(decode(client_frame(0x82, "\xC0\xAF")).at(0).kind, Kind::message);
}

TEST(WsCodec, breaches_of_the_protocol_fail_with_1002) {
  std::string unmasked = client_frame(0x81, "x");
  unmasked[1] = 1;
  const std::string long_ping = client_frame(0x89, std::string(126, 'p'));
  for (const std::string& stream :
       {unmasked, long_ping, client_frame(0x83, "x"), client_frame(0x8B, "x"),
        client_frame(0x91, "x"), client_frame(0xA1, "x"), client_frame(0xC1, "x"),
        client_frame(0x09, "x"), client_frame(0x80, "x"),
        std::string("\x81\xFE\x00\x7D", 4) + std::string(4, 'm'),
        std::string("\x81\xFF\x80\0\0\0\0\0\0\0", 10) + std::string(4, 'm')})
    EXPECT_EQ(failure_of(stream), 1002U) << testing::PrintToString(stream);
  const auto two_messages = decode(client_frame(0x01, "a") + client_frame(0x81, "b"));
  EXPECT_EQ(two_messages.at(0).code, 1002U);
}

TEST(WsCodec, the_limit_counts_all_fragments_and_is_seen_before_the_payload_is_here) {
  std::string head = client_frame(0x82, std::string(limit + 1, 'x')).substr(0, 14);
  EXPECT_EQ(failure_of(head), 1009U);
  const std::string half(limit / 2 + 1, 'x');
  EXPECT_EQ(failure_of(client_frame(0x02, half) + client_frame(0x80, half)), 1009U);
}

TEST(WsCodec, close_hands_out_code_and_reason) {
  EXPECT_EQ(decode(client_frame(0x88, closing(4001, "bye"))).at(0),
            (Got{Kind::close, false, 4001, "bye"}));
  EXPECT_EQ(decode(client_frame(0x88, "")).at(0), (Got{Kind::close, false, 1005, ""}));
}

TEST(WsCodec, invalid_closes_fail) {
  EXPECT_EQ(failure_of(client_frame(0x88, "x")), 1002U);
  for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U, 65535U})
    EXPECT_EQ(failure_of(client_frame(0x88, closing(code))), 1002U) << code;
  EXPECT_EQ(failure_of(client_frame(0x88, closing(1000, "\xFF"))), 1007U);
}

TEST(WsCodec, deflated_messages_are_inflated_also_in_fragments) {
  const std::string payload(1000, 'z');
  const std::string packed = deflated(payload);
  EXPECT_EQ(decode(client_frame(0xC1, packed), true), std::vector{text(payload)});
  const std::string parts = client_frame(0x41, packed.substr(0, 3)) + client_frame(0x89, "") +
                            client_frame(0x80, packed.substr(3));
  EXPECT_EQ(decode(parts, true).at(1), text(payload));
  EXPECT_EQ(decode(client_frame(0x81, "plain"), true), std::vector{text("plain")});
}

TEST(WsCodec, compression_that_was_not_negotiated_or_stands_in_the_wrong_frame_fails) {
  const std::string packed = deflated(std::string(1000, 'z'));
  EXPECT_EQ(failure_of(client_frame(0xC1, packed), false), 1002U);
  EXPECT_EQ(failure_of(client_frame(0xC9, ""), true), 1002U);
  EXPECT_EQ(decode(client_frame(0x41, packed) + client_frame(0xC0, ""), true).at(0).code, 1002U);
}

TEST(WsCodec, a_small_frame_that_inflates_beyond_the_limit_fails_with_1009) {
  EXPECT_EQ(
      decode(client_frame(0xC2, deflated(std::string(limit, 'z'))), true).at(0).payload.size(),
      limit);
  EXPECT_EQ(failure_of(client_frame(0xC2, deflated(std::string(limit + 1, 'z'))), true), 1009U);
  EXPECT_EQ(failure_of(client_frame(0xC2, deflated(std::string(8'000'000, 'z'))), true), 1009U);
}

TEST(WsCodec, what_is_no_deflate_fails_with_1007) {
  EXPECT_EQ(failure_of(client_frame(0xC2, "\xFF\xFF\xFF\xFF\xFF"), true), 1007U);
}

TEST(WsCodec, nothing_is_held_between_messages) {
  WsDecoder decoder(limit, false);
  const std::string stream =
      client_frame(0x01, "a") + client_frame(0x80, "b") + client_frame(0x89, "p");
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < stream.size(); ++i) cuts.push_back(i);
  EXPECT_EQ(decode(stream, cuts, decoder).size(), 2U);
  EXPECT_TRUE(decoder.at_rest());
}

std::string random_stream(std::mt19937_64& random, std::vector<Got>& expected) {
  std::string stream;
  const auto pick = [&](std::size_t upto) { return static_cast<std::size_t>(random() % upto); };
  for (int i = 0; i < 20; ++i) {
    const std::string payload(pick(4) == 0 ? pick(70'000) : pick(300),
                              static_cast<char>('a' + pick(26)));
    const bool packed = payload.size() > 200 && pick(2) == 0;
    std::string bytes = packed ? deflated(payload) : payload;
    unsigned first = packed ? 0x41 : 0x01;
    while (pick(3) == 0) {
      const std::size_t cut = pick(bytes.size() + 1);
      stream += client_frame(first, bytes.substr(0, cut));
      bytes.erase(0, cut);
      first = 0;
      if (pick(2) == 0) {
        stream += client_frame(0x89, "ping");
        expected.push_back({Kind::ping, false, 0, "ping"});
      }
    }
    stream += client_frame(first | 0x80, bytes);
    expected.push_back(text(payload));
  }
  return stream;
}

TEST(WsCodec, however_the_stream_is_cut_into_reads_the_messages_are_the_same) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<Got> expected;
    const std::string stream = random_stream(random, expected);
    std::vector<std::size_t> cuts;
    const std::size_t longest = 1 + random() % (seed % 2 == 0 ? 20 : 20'000);
    for (std::size_t at = random() % longest; at < stream.size(); at += 1 + random() % longest)
      cuts.push_back(at);
    WsDecoder decoder(limit, true);
    EXPECT_EQ(decode(stream, cuts, decoder), expected) << "seed " << seed;
    EXPECT_TRUE(decoder.at_rest());
  }
}

}  // namespace
}  // namespace parley::net
