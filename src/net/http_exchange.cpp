#include "net/http_exchange.h"

#include <charconv>

namespace parley::net {
namespace {

// A writer that is ahead of its client by more waits.
constexpr std::size_t ahead_bytes = 64 * 1024;

std::string chunk_of(std::string_view piece) {
  char size[20];
  const auto end = std::to_chars(size, size + sizeof size, piece.size(), 16).ptr;
  std::string chunk(size, end);
  chunk += "\r\n";
  chunk += piece;
  chunk += "\r\n";
  return chunk;
}

}  // namespace

Task<bool> HttpSession::Body::write(std::string piece) {
  if (session_.gone()) co_return false;
  push(std::move(piece));
  session_.write_out();
  session_.rest();
  if (session_.out_.bytes() > ahead_bytes) {
    const bool there = co_await called_back<bool>(
        [this](std::move_only_function<void(bool)> resume) { waiter_ = std::move(resume); });
    co_return there;
  }
  co_return !session_.gone();
}

void HttpSession::Body::push(std::string piece) {
  if (piece.empty()) return;  // an empty chunk would be the end
  if (shape_.framing == Framing::chunked) {
    session_.out_.push(chunk_of(piece));
  } else {
    if (shape_.framing == Framing::length)
      piece.resize(std::min<std::uint64_t>(piece.size(), shape_.body_bytes - pushed_bytes_));
    pushed_bytes_ += piece.size();
    session_.out_.push(std::move(piece));
  }
}

void HttpSession::Body::writable() {
  session_.write_out();
  session_.rest();
  if (session_.gone() || session_.out_.bytes() > ahead_bytes / 2) return;
  if (auto waiter = std::exchange(waiter_, nullptr)) waiter(true);
}

void HttpSession::Body::client_gone() {
  if (auto work = std::exchange(when_gone_, nullptr)) work();
  if (auto waiter = std::exchange(waiter_, nullptr)) waiter(false);
}

void HttpSession::Body::when_gone(Work work) {
  if (session_.gone())
    work();
  else
    when_gone_ = std::move(work);
}

Task<Result<std::string>> HttpSession::Incoming::next() {
  if (auto piece = take()) co_return std::move(*piece);
  session_.invite_body();
  co_return co_await called_back<Result<std::string>>(
      [this](auto resume) { waiter_ = std::move(resume); });
}

// Room again: the client goes on.
std::optional<Result<std::string>> HttpSession::Incoming::take() {
  Exchange& exchange = *session_.exchange_;
  if (!exchange.request.body.empty()) {
    std::string piece = std::exchange(exchange.request.body, {});
    session_.rest();
    return piece;
  }
  if (failed_) return std::unexpected(*failed_);
  if (exchange.parser.done()) return std::string{};
  return std::nullopt;
}

void HttpSession::Incoming::arrived() {
  if (!waiter_) return;
  if (auto piece = take()) std::exchange(waiter_, nullptr)(std::move(*piece));
}

void HttpSession::Incoming::fail(Error error) {
  failed_ = std::move(error);
  session_.close_after_ = true;
  if (waiter_) std::exchange(waiter_, nullptr)(std::unexpected(*failed_));
}

bool HttpSession::Body::end() {
  if (shape_.framing == Framing::chunked) session_.out_.push("0\r\n\r\n");
  return shape_.framing != Framing::length || pushed_bytes_ == shape_.body_bytes;
}

}  // namespace parley::net
