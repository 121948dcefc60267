// WebSockets over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "net/deflate.h"
#include "net/test_client.h"
#include "net/test_server.h"

namespace parley::net {
namespace {

using test::Client;
using test::closing;
using test::fin_binary;
using test::fin_close;
using test::fin_ping;
using test::fin_text;
using test::LiveServer;
using test::WsClient;
using namespace std::chrono_literals;

TEST(WebSocket, opens_with_the_key_the_subprotocol_and_extra_headers) {
  LiveServer server;
  WsClient client(server.port(), "/ws", "Sec-WebSocket-Protocol: parley.v1, bearer.x\r\n");
  EXPECT_EQ(client.opening().header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(client.opening().header("Sec-WebSocket-Protocol"), "parley.v1");
  EXPECT_EQ(client.opening().header("X-Extra"), "yes");
  client.text("address");
  EXPECT_EQ(client.message(), "127.0.0.1");
}

TEST(WebSocket, what_follows_the_request_in_the_same_packet_is_not_lost) {
  LiveServer server;
  Client client(server.port());
  client.send("GET /first HTTP/1.1\r\nHost: here\r\n\r\n" + test::upgrade_request("/ws") +
              test::client_frame(fin_text, "early") + test::client_frame(fin_text, "bird"));
  EXPECT_EQ(client.answer().body, "GET /first ");
  EXPECT_EQ(client.answer(true).status, 101U);
  EXPECT_EQ(client.read(13),
            "\x81\x05"
            "early"
            "\x81\x04"
            "bird");
}

TEST(WebSocket, a_handshake_that_is_not_right_is_refused) {
  LiveServer server;
  const auto ask = [&](std::string request, std::string_view from, std::string_view to) {
    request.replace(request.find(from), from.size(), to);
    Client client(server.port());
    return client.ask(request);
  };
  const std::string request = test::upgrade_request("/ws");
  const auto old = ask(request, "Version: 13", "Version: 8");
  EXPECT_EQ(old.status, 426U);
  EXPECT_EQ(old.header("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(ask(request, "dGhl", "dG").status, 400U);
  EXPECT_EQ(ask(request, "GET", "PUT").status, 400U);
  EXPECT_EQ(ask(request, "/ws", "/refused").body, "not here");
  EXPECT_EQ(ask(request, "keep-alive, Upgrade", "keep-alive").body, "GET /ws ");
}

TEST(WebSocket, messages_come_back_whole_and_in_order) {
  LiveServer server;
  WsClient client(server.port());
  for (const std::size_t bytes : {0UL, 125UL, 126UL, 65'535UL, 65'536UL, 200'000UL, 1'048'576UL}) {
    const std::string payload(bytes, 'm');
    client.text(payload);
    EXPECT_EQ(client.message(), payload);
  }
  std::string burst;
  for (int i = 0; i < 5'000; ++i) burst += test::client_frame(fin_text, std::to_string(i));
  client.send(burst);
  for (int i = 0; i < 5'000; ++i) ASSERT_EQ(client.message(), std::to_string(i));
  client.send_frame(fin_binary, "\xFF");
  EXPECT_EQ(client.frame().first, fin_binary);
}

TEST(WebSocket, fragments_and_pings_are_understood) {
  LiveServer server;
  WsClient client(server.port());
  client.send_frame(0x01, "frag");
  client.send_frame(fin_ping, "are you there");
  client.send_frame(0x80, "ments");
  const auto pong = client.frame();
  EXPECT_EQ(pong.first, test::fin_pong);
  EXPECT_EQ(pong.payload, "are you there");
  EXPECT_EQ(client.message(), "fragments");
}

TEST(WebSocket, a_close_is_echoed_and_the_server_ends_the_stream) {
  LiveServer server;
  WsClient client(server.port());
  client.send_frame(fin_close, closing(4321, "done"));
  const auto answer = client.frame();
  EXPECT_EQ(answer.close_code(), 4321U);
  EXPECT_EQ(answer.payload.substr(2), "done");
  EXPECT_TRUE(client.server_closed());
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{4321});
}

TEST(WebSocket, an_empty_close_is_answered_with_an_empty_one) {
  LiveServer server;
  WsClient client(server.port());
  client.send_frame(fin_close, "");
  EXPECT_EQ(client.frame().payload, "");
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{1005});
}

TEST(WebSocket, our_close_waits_for_the_peers_answer) {
  LiveServer server;
  WsClient client(server.port());
  client.text("close 4001 token is bad");
  client.text("ignored");
  const auto frame = client.frame();
  EXPECT_EQ(frame.close_code(), 4001U);
  EXPECT_EQ(frame.payload.substr(2), "token is bad");
  client.send_frame(fin_close, closing(4001));
  EXPECT_TRUE(client.server_closed());
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{4001});
}

TEST(WebSocket, a_peer_that_does_not_answer_our_close_is_dropped) {
  LiveServer server({.close_timeout = 50ms});
  WsClient client(server.port());
  client.text("close 4001 bye");
  EXPECT_EQ(client.frame().close_code(), 4001U);
  EXPECT_TRUE(client.server_closed());
}

TEST(WebSocket, too_long_reasons_are_cut_between_characters) {
  LiveServer server;
  WsClient client(server.port());
  std::string reason = "a";
  for (int i = 0; i < 100; ++i) reason += "ä";
  client.text("close 4001 " + reason);
  EXPECT_EQ(client.frame().payload.substr(2), reason.substr(0, 123));
}

TEST(WebSocket, breaches_are_closed_with_their_code_also_while_the_peer_keeps_sending) {
  LiveServer server;
  const std::string large = test::client_frame(fin_binary, std::string(1024 * 1024 + 1, 'x'));
  const std::pair<std::string, unsigned> cases[] = {
      {test::client_frame(0x83, "x"), 1002},
      {test::client_frame(fin_text, "\xFF"), 1007},
      {large, 1009},
      {test::client_frame(0x02, std::string(600'000, 'x')) +
           test::client_frame(0x80, std::string(600'000, 'x')),
       1009},
      {test::client_frame(fin_close, closing(1005)), 1002},
  };
  std::vector<std::uint16_t> codes;
  for (const auto& [bytes, code] : cases) {
    WsClient client(server.port());
    client.send(bytes);
    EXPECT_EQ(client.read_close_code(), code);
    EXPECT_TRUE(client.server_closed());
    codes.push_back(static_cast<std::uint16_t>(code));
  }
  // The server may hear of the ends of several in another order.
  EXPECT_THAT(server.handler().seen.wait_closed(codes.size()),
              testing::UnorderedElementsAreArray(codes));
}

TEST(WebSocket, a_lost_connection_is_1006) {
  LiveServer server;
  WsClient reset(server.port());
  reset.reset();
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{1006});
  WsClient ended(server.port());
  ended.end_sending();
  EXPECT_EQ(server.handler().seen.wait_closed(2).size(), 2U);
}

// Everybody is heard from at once, the newcomers first of all; then all of these are lost at once.
TEST(WebSocket, who_is_there_already_does_not_wait_for_many_who_come_or_go_at_once) {
  LiveServer server;
  WsClient old(server.port());
  old.text("hello");
  EXPECT_EQ(old.message(), "hello");
  std::vector<std::unique_ptr<WsClient>> newcomers;
  for (int i = 0; i < 100; ++i) newcomers.push_back(std::make_unique<WsClient>(server.port()));
  const auto while_it_stands_still = [&](const auto& work) {
    std::promise<void> stands, goes_on;
    server.loop().post([&stands, until = goes_on.get_future()] {
      stands.set_value();
      until.wait();
    });
    stands.get_future().wait();
    work();
    old.text("which message is this");
    goes_on.set_value();
  };
  while_it_stands_still([&] {
    for (auto& one : newcomers) one->text("I am new");
  });
  EXPECT_LT(std::stoi(old.message()), 50);
  for (auto& one : newcomers) EXPECT_EQ(one->message(), "I am new");
  while_it_stands_still([&] {
    for (auto& one : newcomers) one->reset();
  });
  EXPECT_EQ(old.message(), "103");
  EXPECT_EQ(server.handler().seen.wait_closed(100), std::vector<std::uint16_t>(100, 1006));
}

TEST(WebSocket, silent_peers_are_pinged_and_then_dropped) {
  LiveServer server({.heartbeat = 60ms});
  WsClient silent(server.port()), alive(server.port());
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(alive.frame().first, fin_ping);
    alive.send_frame(test::fin_pong, "");
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, 6 * 60ms);
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{1006});
  EXPECT_EQ(silent.frame().first, fin_ping);
  EXPECT_TRUE(silent.server_closed());
  alive.text("still here");
  EXPECT_NE(alive.frame().first, 0U);
}

TEST(WebSocket, compression_is_negotiated_and_used_both_ways) {
  LiveServer server;
  WsClient client(server.port(), "/ws",
                  "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10, "
                  "permessage-deflate; client_max_window_bits\r\n");
  EXPECT_EQ(client.opening().header("Sec-WebSocket-Extensions"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  const std::string payload(10'000, 'c');
  for (int i = 0; i < 3; ++i) {
    client.send_frame(0xC1, deflate_message(payload));
    const auto frame = client.frame();
    EXPECT_EQ(frame.first, 0xC1U);
    Inflater inflater;
    EXPECT_EQ(inflater.inflate(frame.payload, 20'000).bytes, payload);
  }
  client.text("short");
  EXPECT_EQ(client.message(), "short");
}

TEST(WebSocket, offers_of_compression_we_can_not_meet_are_declined) {
  LiveServer server;
  for (const char* offer :
       {"permessage-deflate; server_max_window_bits=9", "permessage-deflate; strange",
        "x-webkit-deflate-frame", "permessage-deflate; client_max_window_bits=77"}) {
    WsClient client(server.port(), "/ws",
                    "Sec-WebSocket-Extensions: " + std::string(offer) + "\r\n");
    EXPECT_EQ(client.opening().header("Sec-WebSocket-Extensions"), "") << offer;
  }
}

TEST(WebSocket, a_slow_reader_is_closed_with_4008_and_others_go_on) {
  LiveServer server({.queue_bytes = 300'000});
  WsClient slow(server.port(), "/ws", {}, {.receive_buffer = 4096});
  WsClient other(server.port());
  slow.text("flood 1000 10000");
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{4008});
  other.text("fine");
  EXPECT_EQ(other.message(), "fine");
  // Should it read at last, it finds whole frames and then the reason.
  EXPECT_EQ(slow.read_close_code(), 4008U);
  slow.send_frame(fin_close, closing(4008));
  EXPECT_TRUE(slow.server_closed());
}

TEST(WebSocket, a_reader_that_takes_nothing_for_two_heartbeats_is_too_slow_whatever_it_sends) {
  LiveServer server({.heartbeat = 100ms});
  WsClient stuck(server.port(), "/ws", {}, {.receive_buffer = 4096});
  stuck.text("flood 100 10000");
  std::atomic<bool> over = false;
  std::thread talker([&] {
    while (!over && stuck.try_send(test::client_frame(test::fin_pong, "")))
      std::this_thread::sleep_for(10ms);
  });
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{4008});
  over = true;
  talker.join();
}

TEST(WebSocket, a_reader_for_whom_too_many_frames_wait_is_closed_unless_it_is_a_burst) {
  LiveServer server({.queue_bytes = 64'000'000, .heartbeat = 10s, .full_timeout = 100ms});
  WsClient reader(server.port(), "/ws/few");
  reader.text("flood 1000 10000");
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(reader.message().size(), 10'000U);
  WsClient stuck(server.port(), "/ws/few", {}, {.receive_buffer = 4096});
  stuck.text("flood 1000 10000");
  std::atomic<bool> over = false;
  std::thread talker([&] {
    while (!over) {
      server.on_loop(
          [&] { server.server().each_socket([](Socket& socket) { socket.send_text("more"); }); });
      std::this_thread::sleep_for(10ms);
    }
  });
  EXPECT_EQ(server.handler().seen.wait_closed(1), std::vector<std::uint16_t>{4008});
  over = true;
  talker.join();
  reader.text("fine");
  for (std::string next = reader.message(); next != "fine"; next = reader.message())
    ASSERT_EQ(next, "more");
}

TEST(WebSocket, what_waits_for_a_slow_reader_is_bounded) {
  LiveServer server({.queue_bytes = 1'000'000});
  std::vector<std::unique_ptr<WsClient>> clients;
  const std::size_t before = ::mallinfo2().uordblks;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<WsClient>(server.port(), "/ws", "",
                                                 test::Client::Options{.receive_buffer = 4096}));
    for (int k = 0; k < 50; ++k) clients.back()->text("flood 100 10000");
  }
  EXPECT_EQ(server.handler().seen.wait_closed(20).size(), 20U);
  const std::size_t held = server.on_loop([] { return ::mallinfo2().uordblks; });
  EXPECT_LT(held, before + 8'000'000);  // once 20 MB may wait; now they have been let go
}

TEST(WebSocket, a_peer_that_sends_but_does_not_read_its_answers_is_not_read_from) {
  LiveServer server({.queue_bytes = 2'000'000, .heartbeat = 10s});
  WsClient client(server.port(), "/ws", {}, {.receive_buffer = 4096});
  const std::string message(50'000, 'a');
  constexpr int count = 400;  // 20 MB: ten times the limit
  std::thread sender([&] {
    for (int i = 0; i < count; ++i) client.text(message);
  });
  for (int i = 0; i < count; ++i) ASSERT_EQ(client.message().size(), message.size());
  sender.join();
}

TEST(WebSocket, pausing_keeps_messages_back_and_their_order) {
  LiveServer server;
  WsClient client(server.port());
  std::string burst;
  for (int i = 0; i < 300; ++i)
    burst += test::client_frame(fin_text, i % 3 == 0 ? "pause" : std::to_string(i));
  client.send(burst);
  for (int i = 0; i < 300; ++i)
    ASSERT_EQ(client.message(), i % 3 == 0 ? "paused" : std::to_string(i));
}

TEST(WebSocket, sockets_are_found_by_id_until_they_close) {
  LiveServer server;
  WsClient client(server.port());
  client.text("hello");
  EXPECT_EQ(client.message(), "hello");
  SocketId id;
  server.on_loop([&] {
    server.server().each_socket([&](Socket& socket) { id = socket.id(); });
    EXPECT_EQ(server.server().sockets(), 1U);
    server.server().find(id)->send_text("found");
  });
  EXPECT_EQ(id.loop, 7U);
  EXPECT_EQ(client.message(), "found");
  client.send_frame(fin_close, closing(1000));
  EXPECT_EQ(client.read_close_code(), 1000U);
  EXPECT_EQ(server.handler().seen.wait_closed(1).size(), 1U);
  WsClient next(server.port());
  server.on_loop([&] { EXPECT_EQ(server.server().find(id), nullptr); });
}

TEST(WebSocket, stopping_says_1001_and_does_not_wait_for_ever) {
  LiveServer server;
  WsClient polite(server.port()), rude(server.port());
  std::thread stopper([&] { server.stop(200ms); });
  EXPECT_EQ(polite.read_close_code(), 1001U);
  polite.send_frame(fin_close, closing(1001));
  EXPECT_TRUE(polite.server_closed());
  EXPECT_EQ(rude.read_close_code(), 1001U);
  EXPECT_TRUE(rude.server_closed());
  stopper.join();
  EXPECT_EQ(server.handler().seen.wait_closed(2), (std::vector<std::uint16_t>{1001, 1001}));
}

TEST(WebSocket, many_at_once_each_get_their_own) {
  LiveServer server;
  std::vector<std::unique_ptr<WsClient>> clients;
  for (int i = 0; i < 500; ++i) clients.push_back(std::make_unique<WsClient>(server.port()));
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i]->text("number " + std::to_string(i));
  for (std::size_t i = 0; i < clients.size(); ++i)
    ASSERT_EQ(clients[i]->message(), "number " + std::to_string(i));
  server.on_loop([&] {
    EXPECT_EQ(server.server().sockets(), 500U);
    const FrameRef frame = Frame::text("to all");
    for (int i = 0; i < 3; ++i)
      server.server().each_socket([&](Socket& socket) { socket.send(frame); });
  });
  for (auto& client : clients)
    for (int i = 0; i < 3; ++i) ASSERT_EQ(client->message(), "to all");
}

// None waits for a later one, or gets lost when the server stops.
TEST(WebSocket, what_goes_to_many_in_quick_succession_arrives_in_order_and_to_the_last) {
  LiveServer server;
  std::vector<std::unique_ptr<WsClient>> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(std::make_unique<WsClient>(server.port()));
  constexpr int rounds = 40;
  for (int round = 0; round < rounds; ++round)
    server.on_loop([&] {
      const FrameRef frame = Frame::text("round " + std::to_string(round));
      server.server().each_socket([&](Socket& socket) { socket.send(frame); });
    });
  ASSERT_EQ(clients.front()->message(), "round 0");
  for (std::size_t i = 0; i < clients.size(); ++i)
    for (int round = i == 0 ? 1 : 0; round < rounds; ++round)
      ASSERT_EQ(clients[i]->message(), "round " + std::to_string(round));
  server.on_loop(
      [&] { server.server().each_socket([&](Socket& socket) { socket.send_text("the last"); }); });
  std::thread stopper([&] { server.stop(200ms); });
  for (auto& client : clients) EXPECT_EQ(client->message(), "the last");
  stopper.join();
}

}  // namespace
}  // namespace parley::net
