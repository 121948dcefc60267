// One HTTP client: its requests, one after the other, until it leaves or becomes a WebSocket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/byte_stream.h"
#include "net/http_head.h"
#include "net/http_output.h"
#include "net/http_parser.h"
#include "net/served.h"
#include "net/watched.h"

namespace parley::net {

// Lives on: its loop. Its place in the reactor keeps it, and a task of the handler's that is under way.
class HttpSession final : public Watched {
 public:
  HttpSession(std::shared_ptr<ServerShared> server, ByteStream stream, std::string peer_address);
  ~HttpSession() override;
  // False: the kernel can't watch one more.
  [[nodiscard]] bool start();

  void ready(std::uint32_t events) override;
  void time_is_up() override;
  [[nodiscard]] const ServerShared* server() const override { return &*server_.shared(); }
  void finish() override;
  void drop() override;

 private:
  struct Exchange;  // a request and what belongs to it
  class Body;       // a response that is written piece by piece
  class Incoming;   // a request's body that is handed over piece by piece
  enum class Phase : std::uint8_t {
    handshake,  // of TLS
    idle,       // no byte of a request is here
    head,
    body,
    receiving,  // the handler has the request, and takes its body as it comes
    handling,   // the handler has the request
    writing,    // all that was answered, before anything else is read
    streaming,  // the handler writes the body
    lingering,  // we have ended; the client may still be sending
    gone
  };

  // http_session.cpp: bytes in and out, time
  void shake_hands();
  void input(std::uint32_t events);
  void unwanted_input(std::uint32_t events);
  void advance();
  bool step();
  bool begin_request();
  bool parse();
  bool begin_body();
  void invite_body();
  bool receive();
  bool body_is_late();
  void write_out();
  void hang_up();
  void rest();
  void update_interest();
  [[nodiscard]] bool reads() const;

  // http_answer.cpp: what becomes of a request
  void serve();
  void serve_upgrade();
  void upgraded(Upgrade upgrade);
  void become_socket(Upgrade upgrade);
  void answer(Response response);
  [[nodiscard]] HeadShape shape_of(const Response& response) const;
  void stream_body();
  void body_streamed();
  void end_of_response();
  void refuse(const Refusal& refusal);

  [[nodiscard]] const Limits& limits() const { return server_->limits; }
  [[nodiscard]] Reactor& reactor() const { return server_->reactor; }
  [[nodiscard]] bool gone() const { return phase_ == Phase::gone; }

  ServerShared::Presence server_;
  ByteStream stream_;
  Place place_;
  std::string peer_address_;
  std::string in_;
  std::size_t in_taken_ = 0;  // of its front
  HttpOutput out_;
  std::unique_ptr<Exchange> exchange_;
  Instant body_began_;
  std::uint32_t interest_ = 0;
  Phase phase_;
  bool advancing_ = false;
  bool fresh_ = true;         // no request has come yet
  bool close_after_ = false;  // what is in out_
  bool muted_ = false;        // input has come that nobody wants now
  bool half_closed_ = false;  // the client sends no more
  bool tls_wants_write_ = false;
};

}  // namespace parley::net
