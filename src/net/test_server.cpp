#include "net/test_server.h"

#include <gtest/gtest.h>

#include <charconv>
#include <condition_variable>

namespace parley::net::test {
namespace {

std::size_t number(std::string_view& text) {
  std::size_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return value;
}

Task<void> write_pieces(ResponseStream& stream, int pieces) {
  for (int i = 0; i < pieces; ++i) {
    const bool there = co_await stream.write("piece " + std::to_string(i) + "\n");
    if (!there) co_return;
  }
}

}  // namespace

void Seen::closed(std::uint16_t code) {
  const std::scoped_lock lock(mutex_);
  codes_.push_back(code);
  changed_.notify_all();
}

std::vector<std::uint16_t> Seen::wait_closed(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(5), [&] { return codes_.size() >= count; });
  return codes_;
}

void EchoSocket::message(std::string_view payload, bool binary) {
  ++seen_.messages;
  if (!binary && obey(payload)) return;
  socket_->send(binary ? Frame::binary(payload) : Frame::text(payload));
}

bool EchoSocket::obey(std::string_view command) {
  if (command == "address") {
    socket_->send_text(socket_->remote_address());
  } else if (command == "which message is this") {
    socket_->send_text(std::to_string(seen_.messages));
  } else if (command.starts_with("close ")) {
    command.remove_prefix(6);
    const auto code = static_cast<std::uint16_t>(number(command));
    socket_->close(code, command);
  } else if (command.starts_with("flood ")) {
    command.remove_prefix(6);
    const std::size_t count = number(command);
    const FrameRef frame = Frame::text(std::string(number(command), 'x'));
    for (std::size_t i = 0; i < count; ++i) socket_->send(frame);
  } else if (command == "pause") {
    // Until all that the loop was given before has been done.
    socket_->pause_reading();
    socket_->loop().post([this] { socket_->resume_reading(); });
    socket_->send_text("paused");
  } else {
    return false;
  }
  return true;
}

Response EchoHandler::stream_of(int pieces) {
  Response response;
  response.stream = [pieces](ResponseStream& stream) { return write_pieces(stream, pieces); };
  return response;
}

Task<void> EchoHandler::endless(ResponseStream& stream) {
  stream.when_gone([this] { stream_gone.set_value(); });
  const std::string piece(10'000, 'e');
  bool there = co_await stream.write(piece);
  while (there) there = co_await stream.write(piece);
}

Task<Response> EchoHandler::count_pieces(Request& request) {
  Response response;
  std::size_t bytes = 0, largest = 0;
  for (;;) {
    auto piece = co_await request.pieces->next();
    if (!piece) co_return refuse(piece.error());
    if (piece->empty()) break;
    bytes += piece->size();
    largest = std::max(largest, piece->size());
  }
  response.body = std::to_string(bytes) + (largest <= 512 * 1024 ? " bytes" : " bytes at once");
  co_return response;
}

Task<Response> EchoHandler::handle(Request& request) {
  ++requests;
  if (request.path == "/pieces") co_return co_await count_pieces(request);
  Response response;
  response.with("Content-Type", "text/plain");
  if (request.path == "/later") {
    co_await called_back<bool>([this](std::move_only_function<void(bool)> done) {
      loop_.after(std::chrono::milliseconds(1), [done = std::move(done)]() mutable { done(true); });
    });
  } else if (request.path == "/held") {
    held_begun.set_value();
    co_await called_back<bool>([this](std::move_only_function<void(bool)> done) {
      std::thread([this, done = std::move(done)]() mutable {
        release_later.get_future().wait();
        done(true);
      }).detach();
    });
  } else if (request.path == "/large") {
    response.body.assign(3'000'000, 'l');
    co_return response;
  } else if (request.path == "/none") {
    response.status = 204;
    co_return response;
  } else if (request.path == "/stream") {
    co_return stream_of(3);
  } else if (request.path == "/counted") {
    co_return std::move(stream_of(3).with("Content-Length", "24"));
  } else if (request.path == "/short") {
    co_return std::move(stream_of(3).with("Content-Length", "25"));
  } else if (request.path == "/endless") {
    response.stream = [this](ResponseStream& stream) { return endless(stream); };
    co_return response;
  }
  response.body = request.method + " " + request.path + " " + request.body;
  co_return response;
}

Task<Upgrade> EchoHandler::upgrade(Request& request) {
  Upgrade upgrade;
  if (request.path == "/ws" || request.path == "/ws/few") {
    upgrade.handler = std::make_unique<EchoSocket>(seen);
    if (request.path == "/ws/few") upgrade.queue_frames = 20;
    if (request.header("Sec-WebSocket-Protocol")) upgrade.subprotocol = "parley.v1";
    upgrade.headers.push_back({"X-Extra", "yes"});
  } else {
    upgrade.refused = Response{.status = 403, .headers = {}, .body = "not here", .stream = {}};
  }
  co_return upgrade;
}

Response EchoHandler::refuse(const Error& error) {
  Response response;
  response.status = http_status(error.code);
  response.body = std::string(name_of(error.code)) + ": " + error.detail;
  return response;
}

LiveServer::LiveServer(Limits limits, std::shared_ptr<TlsContext> tls)
    : handler_(std::make_unique<EchoHandler>(loop_)),
      server_(std::make_unique<Server>(loop_, *handler_, limits, std::move(tls))) {
  const auto started = server_->start("127.0.0.1", 0);
  EXPECT_TRUE(started) << (started ? "" : started.error().detail);
  port_ = started.value_or(0);
  thread_ = std::thread([this] { loop_.run(); });
}

LiveServer::~LiveServer() {
  stop(std::chrono::milliseconds(0));
  loop_.stop();
  thread_.join();
}

void LiveServer::stop(std::chrono::milliseconds patience) {
  std::promise<void> done;
  loop_.post(
      [this, patience, &done] { spawn(server_->stop(patience), [&done] { done.set_value(); }); });
  done.get_future().wait();
}

}  // namespace parley::net::test
