#include "base/metrics.h"
#include "net/connection.h"
#include "net/handshake.h"
#include "net/http_exchange.h"
#include "net/http_session.h"

namespace parley::net {
namespace {

void count_request() {
  static auto& requests =
      metrics::counter("parley_net_requests_total", "HTTP requests, upgrades included");
  requests.Increment();
}

}  // namespace

void HttpSession::serve() {
  phase_ = exchange_->incoming ? Phase::receiving : Phase::handling;
  count_request();
  if (exchange_->parser.is_http_1_1() && asks_for_websocket(exchange_->request))
    return serve_upgrade();
  // The session lives until its task has ended, also when the client has gone before.
  const Ref<HttpSession> self(this);
  spawn(server_->handler.handle(exchange_->request),
        [self](Response response) { self->answer(std::move(response)); });
}

void HttpSession::serve_upgrade() {
  if (const auto valid = check_handshake(exchange_->request); !valid) return refuse(valid.error());
  const Ref<HttpSession> self(this);
  spawn(server_->handler.upgrade(exchange_->request),
        [self](Upgrade upgrade) { self->upgraded(std::move(upgrade)); });
}

void HttpSession::upgraded(Upgrade upgrade) {
  if (gone()) return;
  if (upgrade.refused) return answer(std::move(*upgrade.refused));
  if (upgrade.handler == nullptr)
    return answer(server_->handler.refuse({Code::internal, "nobody takes this WebSocket", {}}));
  if (server_->stopping)
    return answer(server_->handler.refuse({Code::unavailable, "the server is stopping", {}}));
  become_socket(std::move(upgrade));
}

// Ours are the answer and what came behind the request; the rest is the connection's from here.
void HttpSession::become_socket(Upgrade upgrade) {
  const Packing packing = negotiated_packing(exchange_->request);
  const std::string answer =
      out_.take_all() + accept_handshake(exchange_->request, upgrade, packing);
  auto connection = make_ref<Connection>(server_.shared(), std::move(stream_), place_,
                                         exchange_->request.remote_address, packing, upgrade);
  phase_ = Phase::gone;
  reactor().replace(place_, connection);
  connection->open(std::move(upgrade.handler), answer, in_.substr(in_taken_));
}

void HttpSession::answer(Response response) {
  if (gone()) return;
  if (!exchange_->parser.done()) close_after_ = true;  // nobody takes the rest
  const HeadShape shape = shape_of(response);
  if (shape.persistence == Persistence::close) close_after_ = true;
  out_.push(response_head(response, shape));
  const bool body = exchange_->request.method != "HEAD" && status_has_body(response.status);
  if (body && response.stream) {
    exchange_->response = std::move(response);
    exchange_->body = std::make_unique<Body>(*this, shape);
    return stream_body();
  }
  if (body) out_.push(std::move(response.body));
  end_of_response();
}

HeadShape HttpSession::shape_of(const Response& response) const {
  const RequestParser& parser = exchange_->parser;
  HeadShape shape;
  const std::optional<std::uint64_t> declared = declared_length(response);
  if (!status_has_body(response.status)) {
    shape.framing = Framing::none;
  } else if (!response.stream) {
    // The answer to HEAD may say how long a body would be that nobody made.
    const bool head = exchange_->request.method == "HEAD";
    shape.body_bytes = head ? declared.value_or(response.body.size()) : response.body.size();
  } else if (declared) {
    shape.body_bytes = *declared;
  } else {
    shape.framing = parser.is_http_1_1() ? Framing::chunked : Framing::until_close;
  }
  const bool stays = parser.keeps_alive() && !close_after_ && !server_->stopping &&
                     shape.framing != Framing::until_close;
  if (!stays)
    shape.persistence = Persistence::close;
  else if (!parser.is_http_1_1())
    shape.persistence = Persistence::keep_alive_1_0;
  return shape;
}

void HttpSession::stream_body() {
  phase_ = Phase::streaming;
  write_out();
  if (gone()) return;
  const Ref<HttpSession> self(this);
  spawn(exchange_->response.stream(*exchange_->body), [self] { self->body_streamed(); });
}

void HttpSession::body_streamed() {
  if (gone()) return;
  if (!exchange_->body->end()) return drop();
  end_of_response();
}

void HttpSession::end_of_response() {
  exchange_.reset();
  phase_ = close_after_ ? Phase::writing : Phase::idle;
  advance();
}

void HttpSession::refuse(const Refusal& refusal) {
  Response response = server_->handler.refuse(refusal.error);
  if (refusal.status != 0) response.status = refusal.status;
  if (response.status == 426)
    response.with("Upgrade", "websocket").with("Sec-WebSocket-Version", "13");
  close_after_ = true;
  HeadShape shape{.persistence = Persistence::close, .body_bytes = response.body.size()};
  out_.push(response_head(response, shape));
  if (exchange_->request.method != "HEAD") out_.push(std::move(response.body));
  exchange_.reset();
  phase_ = Phase::writing;
}

}  // namespace parley::net
