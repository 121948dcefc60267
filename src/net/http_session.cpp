#include "net/http_session.h"

#include <sys/epoll.h>

#include <array>

#include "net/forwarded.h"
#include "net/http_exchange.h"

namespace parley::net {
namespace {

using std::chrono::milliseconds;

// A body may take the body timeout, and longer as long as it comes at this rate: a large file over a slow line does, a
// client that sends a byte now and then does not.
constexpr std::size_t body_bytes_per_ms = 16;
// Answers to pipelined requests gather up to this before they are written.
constexpr std::size_t gather_bytes = 64 * 1024;
constexpr std::size_t parts_a_write = 16;
constexpr int reads_a_turn = 8;
constexpr milliseconds linger_timeout{2'000};
// Of a body that is handed over as it comes: so much waits for the handler.
constexpr std::size_t pieces_ahead_bytes = 256 * 1024;

}  // namespace

HttpSession::HttpSession(std::shared_ptr<ServerShared> server, ByteStream stream,
                         std::string peer_address)
    : server_(std::move(server)),
      stream_(std::move(stream)),
      peer_address_(std::move(peer_address)),
      phase_(stream_.secure() ? Phase::handshake : Phase::idle) {}

HttpSession::~HttpSession() = default;

bool HttpSession::start() {
  interest_ = EPOLLIN;
  if (!reactor().add_behind(Ref<Watched>(this), place_, stream_.descriptor(), interest_))
    return false;
  reactor().wake_after(place_, limits().header_timeout);
  return true;
}

bool HttpSession::reads() const {
  if (phase_ == Phase::receiving)
    return !exchange_->incoming->failed() && exchange_->request.body.size() < pieces_ahead_bytes;
  return phase_ <= Phase::body || phase_ == Phase::lingering;
}

void HttpSession::ready(std::uint32_t events) {
  if (gone()) return;
  if (phase_ == Phase::handshake) return shake_hands();
  if ((events & EPOLLOUT) != 0) {
    tls_wants_write_ = false;
    if (phase_ == Phase::streaming)
      exchange_->body->writable();
    else
      advance();
    if (gone()) return;
  }
  if (events != EPOLLOUT) input(events);
}

void HttpSession::shake_hands() {
  const IoResult shaken = stream_.handshake();
  if (shaken.ended()) return drop();
  tls_wants_write_ = shaken.kind == IoResult::Kind::wait_writable;
  if (shaken.some()) phase_ = Phase::idle;
  update_interest();
  if (shaken.some()) input(0);
}

void HttpSession::input(std::uint32_t events) {
  for (int i = 0; i < reads_a_turn; ++i) {
    if (!reads()) return unwanted_input(events);
    const IoResult got = stream_.read(reactor().read_buffer());
    if (got.ended()) return drop();
    tls_wants_write_ = got.kind == IoResult::Kind::wait_writable;
    if (!got.some()) return update_interest();
    reactor().count_received(got.bytes);
    if (phase_ != Phase::lingering) {
      in_.append(reactor().read_buffer().data(), got.bytes);
      advance();
    }
    if (gone() || !stream_.has_buffered()) return;
  }
  reactor().again(place_);
}

// Whoever ends their side may still wait for the answer; but nobody reads a stream who does.
void HttpSession::unwanted_input(std::uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) return drop();
  muted_ = true;
  if ((events & EPOLLRDHUP) != 0) {
    half_closed_ = true;
    if (phase_ == Phase::streaming) return drop();
  }
  update_interest();
}

// Not recursive: a handler that answers at once returns here.
void HttpSession::advance() {
  if (advancing_ || gone()) return;
  advancing_ = true;
  while (step()) continue;
  advancing_ = false;
  rest();
}

bool HttpSession::step() {
  switch (phase_) {
    case Phase::idle:
      return begin_request();
    case Phase::head:
    case Phase::body:
      return parse();
    case Phase::receiving:
      return receive();
    case Phase::writing:
      write_out();
      if (gone() || !out_.empty()) return false;
      if (close_after_)
        hang_up();
      else
        phase_ = Phase::idle;
      return phase_ == Phase::idle;
    default:
      return false;
  }
}

bool HttpSession::begin_request() {
  const bool input = in_taken_ < in_.size();
  if (!out_.empty() && (!input || out_.bytes() > gather_bytes)) {
    phase_ = Phase::writing;
    return true;
  }
  if (!input) return false;
  phase_ = Phase::head;
  fresh_ = false;
  exchange_ = std::make_unique<Exchange>(limits());
  exchange_->request.peer_address = exchange_->request.remote_address = peer_address_;
  exchange_->request.secure = stream_.secure();
  reactor().wake_after(place_, limits().header_timeout);
  return true;
}

bool HttpSession::parse() {
  std::string_view rest = std::string_view(in_).substr(in_taken_);
  const auto step = exchange_->parser.take(rest);
  in_taken_ = in_.size() - rest.size();
  if (!step) {
    refuse(step.error());
    return true;
  }
  if (*step == RequestParser::Step::more) return false;
  if (*step == RequestParser::Step::head) return begin_body();
  serve();
  return true;
}

bool HttpSession::begin_body() {
  Request& request = exchange_->request;
  if (limits().proxies) request.remote_address = client_address(request, *limits().proxies);
  body_began_ = reactor().now();
  reactor().wake_after(place_, limits().body_timeout);
  if (server_->handler.takes_pieces(exchange_->request)) {
    exchange_->parser.pass_on();
    exchange_->incoming = std::make_unique<Incoming>(*this);
    exchange_->request.pieces = exchange_->incoming.get();
    serve();
    return true;
  }
  phase_ = Phase::body;
  const std::size_t most = server_->handler.body_bytes(exchange_->request);
  if (auto refused = exchange_->parser.collect(most))
    refuse(*refused);
  else
    invite_body();
  return true;
}

void HttpSession::invite_body() {
  const bool waits = exchange_->parser.expects_continue() && in_taken_ == in_.size() &&
                     exchange_->parser.body_bytes() == 0;
  if (!waits) return;
  out_.push("HTTP/1.1 100 Continue\r\n\r\n");
  write_out();
}

// The handler may answer in the middle of this, and then the exchange is gone.
bool HttpSession::receive() {
  std::string_view rest = std::string_view(in_).substr(in_taken_);
  const auto step = exchange_->parser.take(rest);
  in_taken_ = in_.size() - rest.size();
  if (!step) {
    exchange_->incoming->fail(step.error().error);
  } else {
    if (*step == RequestParser::Step::whole) phase_ = Phase::handling;
    exchange_->incoming->arrived();
  }
  return phase_ != Phase::receiving;
}

void HttpSession::time_is_up() {
  switch (phase_) {
    case Phase::head:
      refuse({{Code::request_timeout, "the request's headers took too long", {}}});
      return advance();
    case Phase::receiving:
      if (!reads() || !body_is_late()) return reactor().wake_after(place_, limits().body_timeout);
      exchange_->incoming->fail({Code::request_timeout, "the request's body took too long", {}});
      return;
    case Phase::body:
      if (!body_is_late()) return;
      refuse({{Code::request_timeout, "the request's body took too long", {}}});
      return advance();
    default:
      drop();
  }
}

bool HttpSession::body_is_late() {
  const milliseconds earned{exchange_->parser.body_bytes() / body_bytes_per_ms};
  const Instant end = body_began_ + limits().body_timeout + earned;
  if (end <= reactor().now()) return true;
  const auto left = std::chrono::ceil<milliseconds>(end - reactor().now());
  reactor().wake_after(place_, left);
  return false;
}

void HttpSession::write_out() {
  std::array<iovec, parts_a_write> parts;
  while (!out_.empty()) {
    const std::size_t count = out_.parts(parts);
    const IoResult result = stream_.write(std::span(parts).first(count));
    if (result.kind == IoResult::Kind::wait_writable) return;
    if (!result.some()) return drop();
    out_.written(result.bytes);
    reactor().count_sent(result.bytes);
  }
}

// Closing at once, with input unread, would make the kernel throw away what the client has not read yet.
void HttpSession::hang_up() {
  phase_ = Phase::lingering;
  in_ = {};
  in_taken_ = 0;
  stream_.finish_writing();
  reactor().wake_after(place_, linger_timeout);
}

// Before the next event: who may take how long, and what we want to hear of.
void HttpSession::rest() {
  // Answers wait for others to join them only while input is at hand.
  if (!gone()) write_out();
  if (gone()) return;
  in_.erase(0, in_taken_);
  in_taken_ = 0;
  if (in_.empty()) in_ = {};
  if (phase_ == Phase::idle && !fresh_) {
    reactor().settle(place_, interest_);
    reactor().wake_after(place_, limits().idle_timeout);
  }
  if (phase_ == Phase::handling) reactor().never_wake(place_);
  if (phase_ == Phase::writing || phase_ == Phase::streaming) {
    if (out_.empty())
      reactor().never_wake(place_);
    else
      reactor().wake_after(place_, limits().body_timeout);
  }
  if (reads()) {
    muted_ = false;
    if (stream_.has_buffered()) reactor().again(place_);
  }
  update_interest();
}

void HttpSession::update_interest() {
  if (gone()) return;
  std::uint32_t events = 0;
  if (!muted_) events |= EPOLLIN;
  if (!reads() && !half_closed_) events |= EPOLLRDHUP;
  if (!out_.empty() || tls_wants_write_) events |= EPOLLOUT;
  if (events == interest_) return;
  interest_ = events;
  reactor().watch(place_, events);
}

void HttpSession::finish() {
  const bool at_rest = phase_ == Phase::handshake || (phase_ == Phase::idle && out_.empty());
  if (at_rest) drop();
}

void HttpSession::drop() {
  if (gone()) return;
  const Phase before = std::exchange(phase_, Phase::gone);
  stream_.close();
  out_.clear();
  reactor().remove(place_);
  if (before == Phase::streaming)
    exchange_->body->client_gone();
  else if (before == Phase::receiving)
    exchange_->incoming->fail({Code::unavailable, "the client has gone", {}});
  else if (before != Phase::handling)
    exchange_.reset();
}

}  // namespace parley::net
