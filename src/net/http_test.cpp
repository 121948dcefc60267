// HTTP over real sockets: what a client sends, and what it gets.
#include <gtest/gtest.h>

#include "net/test_client.h"
#include "net/test_server.h"

namespace parley::net {
namespace {

using test::Client;
using test::LiveServer;
using namespace std::chrono_literals;

std::string get(std::string_view path, std::string_view headers = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: here\r\n" + std::string(headers) + "\r\n";
}

std::string post(std::string_view body, std::string_view headers = {}) {
  return "POST /p HTTP/1.1\r\nHost: here\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

TEST(Http, a_connection_serves_request_after_request) {
  LiveServer server;
  Client client(server.port());
  EXPECT_EQ(client.ask(get("/a?x=1")).body, "GET /a ");
  EXPECT_EQ(client.ask(post("body")).body, "POST /p body");
  const auto third = client.ask(get("/later"));
  EXPECT_EQ(third.status, 200U);
  EXPECT_EQ(third.header("Content-Type"), "text/plain");
  EXPECT_EQ(third.header("Connection"), "");
  EXPECT_EQ(third.header("Date").size(), 29U);
}

TEST(Http, pipelined_requests_are_answered_in_order) {
  LiveServer server;
  Client client(server.port());
  std::string requests;
  for (int i = 0; i < 2'000; ++i) requests += get(i % 10 == 5 ? "/later" : "/" + std::to_string(i));
  client.send(requests);
  for (int i = 0; i < 2'000; ++i)
    ASSERT_EQ(client.answer().body,
              i % 10 == 5 ? "GET /later " : "GET /" + std::to_string(i) + " ");
}

TEST(Http, a_request_may_come_byte_by_byte) {
  LiveServer server;
  Client client(server.port());
  for (const char c : post("slow")) client.send({&c, 1});
  EXPECT_EQ(client.answer().body, "POST /p slow");
}

TEST(Http, chunked_bodies_are_put_together_and_trailers_dropped) {
  LiveServer server;
  Client client(server.port());
  client.send(
      "POST /c HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n5;x=y\r\n");
  client.send("pedia\r\n0\r\nTrailer: t\r\n\r\n" + get("/next"));
  EXPECT_EQ(client.answer().body, "POST /c wikipedia");
  EXPECT_EQ(client.answer().body, "GET /next ");
}

TEST(Http, expect_continue_is_answered_before_the_body_and_others_are_refused) {
  LiveServer server;
  Client client(server.port());
  const std::string request = post("later", "Expect: 100-continue\r\n");
  client.send(request.substr(0, request.size() - 5));
  EXPECT_EQ(client.answer(true).status, 100U);
  client.send("later");
  EXPECT_EQ(client.answer().body, "POST /p later");
  EXPECT_EQ(client.ask(get("/", "Expect: miracles\r\n")).status, 417U);
  EXPECT_TRUE(client.server_closed());
}

TEST(Http, a_body_of_any_size_is_taken_in_pieces) {
  LiveServer server({.body_bytes = 10});
  Client client(server.port());
  const std::string body(5'000'000, 'b');
  client.send("POST /pieces HTTP/1.1\r\nHost: here\r\nContent-Length: 5000000\r\n\r\n");
  client.send(body);
  EXPECT_EQ(client.answer().body, "5000000 bytes");
  client.send(
      "POST /pieces HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n");
  client.send("0\r\n\r\n" + get("/next"));
  EXPECT_EQ(client.answer().body, "4 bytes");
  EXPECT_EQ(client.answer().body, "GET /next ");
  EXPECT_EQ(client.ask("POST /pieces HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n").body,
            "0 bytes");
}

TEST(Http, a_body_in_pieces_is_invited_when_the_handler_wants_it) {
  LiveServer server;
  Client client(server.port());
  const std::string head =
      "POST /pieces HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  client.send(head);
  EXPECT_EQ(client.answer(true).status, 100U);
  client.send("later");
  EXPECT_EQ(client.answer().body, "5 bytes");
}

TEST(Http, an_answer_before_the_end_of_a_body_in_pieces_closes_the_connection) {
  LiveServer server;
  Client client(server.port());
  client.send("POST /pieces/early HTTP/1.1\r\nHost: here\r\nContent-Length: 3000000\r\n\r\nsome");
  const auto answer = client.answer();
  EXPECT_EQ(answer.body.substr(0, 18), "POST /pieces/early");
  EXPECT_EQ(answer.header("Connection"), "close");
  client.send(std::string(2'000'000, 'x'));
  EXPECT_TRUE(client.server_closed());
}

TEST(Http, a_broken_or_slow_body_in_pieces_ends_it) {
  LiveServer server({.body_timeout = 50ms});
  Client broken(server.port());
  broken.send(
      "POST /pieces HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4\r\nwiki\r\nzz\r\n");
  EXPECT_EQ(broken.answer().status, 400U);
  EXPECT_TRUE(broken.server_closed());
  Client slow(server.port());
  slow.send("POST /pieces HTTP/1.1\r\nHost: here\r\nContent-Length: 30\r\n\r\nsome");
  EXPECT_EQ(slow.answer().status, 408U);
  EXPECT_TRUE(slow.server_closed());
  {
    Client gone(server.port());
    gone.send("POST /pieces HTTP/1.1\r\nHost: here\r\nContent-Length: 30\r\n\r\nsome");
  }
  EXPECT_EQ(Client(server.port()).ask(get("/next")).body, "GET /next ");
}

TEST(Http, expect_continue_does_not_invite_a_body_that_is_too_large) {
  LiveServer server({.body_bytes = 10});
  Client client(server.port());
  client.send(
      "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer().status, 413U);
}

TEST(Http, head_gets_the_head_only) {
  LiveServer server;
  Client client(server.port());
  client.send("HEAD /h HTTP/1.1\r\nHost: here\r\n\r\n");
  const auto answer = client.answer(true);
  EXPECT_EQ(answer.header("Content-Length"), std::to_string(std::string("HEAD /h ").size()));
  client.send("HEAD /endless HTTP/1.1\r\nHost: here\r\n\r\n");
  EXPECT_EQ(client.answer(true).header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(client.ask(get("/next")).body, "GET /next ");
}

TEST(Http, an_answer_without_content_has_no_length) {
  LiveServer server;
  Client client(server.port());
  client.send(get("/none"));
  const auto answer = client.answer(true);
  EXPECT_EQ(answer.status, 204U);
  EXPECT_EQ(answer.header("Content-Length"), "");
  EXPECT_EQ(client.ask(get("/next")).status, 200U);
}

TEST(Http, large_answers_arrive_whole) {
  LiveServer server;
  Client client(server.port());
  client.send(get("/large") + get("/large") + get("/next"));
  EXPECT_EQ(client.answer().body, std::string(3'000'000, 'l'));
  EXPECT_EQ(client.answer().body.size(), 3'000'000U);
  EXPECT_EQ(client.answer().body, "GET /next ");
}

TEST(Http, connection_close_is_said_and_done) {
  LiveServer server;
  Client client(server.port());
  EXPECT_EQ(client.ask(get("/", "Connection: close\r\n")).header("Connection"), "close");
  EXPECT_TRUE(client.server_closed());
  Client old(server.port());
  EXPECT_EQ(old.ask("GET / HTTP/1.0\r\n\r\n").body, "GET / ");
  EXPECT_TRUE(old.server_closed());
  Client older(server.port());
  EXPECT_EQ(older.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("Connection"),
            "keep-alive");
  EXPECT_EQ(older.ask("GET / HTTP/1.0\r\n\r\n").status, 200U);
}

TEST(Http, a_client_that_has_ended_its_side_still_gets_its_answers) {
  LiveServer server;
  Client client(server.port());
  client.send(get("/later") + get("/later"));
  client.end_sending();
  EXPECT_EQ(client.answer().status, 200U);
  EXPECT_EQ(client.answer().status, 200U);
  EXPECT_TRUE(client.server_closed());
}

TEST(Http, absolute_targets_name_the_same_path) {
  LiveServer server;
  Client client(server.port());
  EXPECT_EQ(client.ask("GET http://here/x?y HTTP/1.1\r\nHost: here\r\n\r\n").body, "GET /x ");
  EXPECT_EQ(client.ask("GET http://here HTTP/1.1\r\nHost: here\r\n\r\n").body, "GET / ");
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: here\r\n\r\n").body, "OPTIONS * ");
}

struct Bad {
  const char* what;
  std::string request;
  unsigned status;
};

TEST(Http, what_can_not_be_served_is_refused_in_words_and_closed) {
  LiveServer server({.header_bytes = 1000, .body_bytes = 100});
  const std::string long_header = "X: " + std::string(2000, 'x') + "\r\n";
  const Bad cases[] = {
      {"no HTTP", "\x16\x03\x01\x02\r\n\r\n", 400},
      {"bad line", "GET\r\n\r\n", 400},
      {"bad header", get("/", "no colon\r\n"), 400},
      {"space before colon", get("/", "Name : x\r\n"), 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", get("/", "Host: there\r\n"), 400},
      {"two lengths", post("x", "Content-Length: 2\r\n"), 400},
      {"length and chunked", post("x", "Transfer-Encoding: chunked\r\n"), 400},
      {"bad length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
      {"bad chunk", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"encoding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"version", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"long header", get("/", long_header), 431},
      {"endless header", "GET / HTTP/1.1\r\nX: " + std::string(5000, 'y'), 431},
      {"long body", post(std::string(101, 'b')), 413},
      {"long chunks", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n",
       413},
  };
  for (const Bad& bad : cases) {
    Client client(server.port());
    const auto answer = client.ask(bad.request);
    EXPECT_EQ(answer.status, bad.status) << bad.what << ": " << answer.head << answer.body;
    EXPECT_EQ(answer.header("Connection"), "close") << bad.what;
    EXPECT_NE(answer.body, "") << bad.what;
    EXPECT_TRUE(client.server_closed()) << bad.what;
  }
  EXPECT_EQ(server.handler().requests, 0);
}

TEST(Http, a_refusal_reaches_a_client_that_is_still_sending) {
  LiveServer server({.body_bytes = 100});
  Client client(server.port());
  std::string request = post(std::string(4'000'000, 'b'));
  static_cast<void>(client.try_send(request));
  EXPECT_EQ(client.answer().status, 413U);
}

TEST(Http, slow_headers_and_bodies_time_out_with_408) {
  LiveServer server({.header_timeout = 50ms, .body_timeout = 50ms});
  Client head(server.port());
  EXPECT_EQ(head.ask("GET / HT").status, 408U);
  EXPECT_TRUE(head.server_closed());
  Client body(server.port());
  EXPECT_EQ(body.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc").status, 408U);
  EXPECT_TRUE(body.server_closed());
}

TEST(Http, dripping_bytes_does_not_put_the_timeout_off) {
  LiveServer server({.header_timeout = 100ms});
  Client client(server.port());
  client.send("GET / HTTP/1.1\r\n");
  std::size_t sent = 0;
  const auto start = std::chrono::steady_clock::now();
  std::thread dripper([&] {
    // Ends when the server has hung up; a byte every millisecond meanwhile.
    while (client.try_send("X") && ++sent < 5'000) std::this_thread::sleep_for(1ms);
  });
  EXPECT_EQ(client.answer().status, 408U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  EXPECT_TRUE(client.server_closed());
  dripper.join();
}

TEST(Http, silent_clients_are_closed_without_a_word) {
  LiveServer server({.header_timeout = 50ms, .idle_timeout = 50ms});
  Client silent(server.port());
  EXPECT_TRUE(silent.server_closed());
  Client idle(server.port());
  EXPECT_EQ(idle.ask(get("/")).status, 200U);
  EXPECT_TRUE(idle.server_closed());
}

TEST(Http, a_client_that_never_reads_its_answer_is_let_go) {
  LiveServer server({.body_timeout = 100ms});
  Client client(server.port(), {.receive_buffer = 4096});
  for (int i = 0; i < 20; ++i) client.send(get("/large"));
  server.stop(5s);  // it can only return when the session has gone
}

TEST(Http, streams_are_chunked_and_the_connection_goes_on) {
  LiveServer server;
  Client client(server.port());
  const auto answer = client.ask(get("/stream"));
  EXPECT_EQ(answer.header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.body, "piece 0\npiece 1\npiece 2\n");
  EXPECT_EQ(client.ask(get("/next")).body, "GET /next ");
}

TEST(Http, a_stream_of_known_length_is_not_chunked) {
  LiveServer server;
  Client client(server.port());
  const auto answer = client.ask(get("/counted"));
  EXPECT_EQ(answer.header("Transfer-Encoding"), "");
  EXPECT_EQ(answer.body, "piece 0\npiece 1\npiece 2\n");
  EXPECT_EQ(client.ask(get("/next")).body, "GET /next ");
}

TEST(Http, a_stream_that_ends_too_early_is_cut_so_the_client_knows) {
  LiveServer server;
  Client client(server.port());
  EXPECT_EQ(client.ask(get("/short")).body.size(), 24U);
  EXPECT_TRUE(client.server_closed());
}

TEST(Http, a_stream_to_http_1_0_ends_with_the_connection) {
  LiveServer server;
  Client client(server.port());
  client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.answer().header("Connection"), "close");
  EXPECT_EQ(client.read_all(), "piece 0\npiece 1\npiece 2\n");
}

TEST(Http, a_stream_waits_for_its_client_and_ends_when_that_leaves) {
  LiveServer server;
  auto gone = server.handler().stream_gone.get_future();
  {
    Client client(server.port(), {.receive_buffer = 4096});
    client.send(get("/endless"));
    EXPECT_EQ(client.read(100'000).size(), 100'000U);
    EXPECT_EQ(gone.wait_for(0s), std::future_status::timeout);
  }
  EXPECT_EQ(gone.wait_for(5s), std::future_status::ready);
}

TEST(Http, more_connections_than_allowed_get_503) {
  LiveServer server({.connections = 2});
  Client one(server.port()), two(server.port());
  EXPECT_EQ(one.ask(get("/")).status, 200U);
  EXPECT_EQ(two.ask(get("/")).status, 200U);
  Client three(server.port());
  EXPECT_EQ(three.answer().status, 503U);
  EXPECT_TRUE(three.server_closed());
}

TEST(Http, stopping_ends_idle_connections_and_finishes_requests) {
  LiveServer server;
  Client idle(server.port()), busy(server.port());
  EXPECT_EQ(idle.ask(get("/")).status, 200U);
  busy.send(get("/held"));
  server.handler().held_begun.get_future().wait();
  server.on_loop([&] { server.server().stop_accepting(); });
  EXPECT_TRUE(idle.server_closed());
  server.handler().release_later.set_value();
  const auto answer = busy.answer();
  EXPECT_EQ(answer.body, "GET /held ");
  EXPECT_EQ(answer.header("Connection"), "close");
}

TEST(Http, a_client_that_leaves_during_its_request_harms_nobody) {
  LiveServer server;
  Client client(server.port());
  client.send(get("/held"));
  server.handler().held_begun.get_future().wait();
  client.reset();
  Client other(server.port());
  EXPECT_EQ(other.ask(get("/")).status, 200U);
  server.handler().release_later.set_value();
}

}  // namespace
}  // namespace parley::net
