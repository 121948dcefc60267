// HTTP requests and answers, as a dialect sees them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"
#include "net/socket.h"

namespace parley::net {

struct Header {
  std::string name;
  std::string value;
};

// Without regard to case.
[[nodiscard]] bool is_named(const Header& header, std::string_view name);

// Percent-decoded pairs of the query, in order; '+' is a space.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view raw);
  [[nodiscard]] std::optional<std::string_view> get(
      std::string_view name) const;  // the first of that name
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
    return pairs_;
  }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// A body as it comes, for a handler that takes it so (Handler::takes_pieces).
class RequestBody {
 public:
  virtual ~RequestBody() = default;
  // The next piece; an empty one after the last. While nobody asks, the client is made to wait. An Error: no more will
  // come. One at a time.
  virtual Task<Result<std::string>> next() = 0;
};

struct Request {
  std::string method;  // as sent; HEAD arrives as HEAD
  std::string target;  // as sent
  std::string path;    // as sent, up to '?': segments are decoded by decode_segment()
  std::string prefix;  // what was in front of the path, where a wire is served under one: "/dinq"
  Query query;
  std::vector<Header> headers;
  std::string body;  // whole, within the limit; 64 bytes of capacity are spare behind it
  RequestBody* pieces = nullptr;                // in place of `body`, where the handler takes it so
  std::optional<std::uint64_t> content_length;  // as declared
  std::string peer_address;                     // whose connection it is
  std::string remote_address;  // the same, or whom a proxy that is believed speaks for
  bool secure = false;

  [[nodiscard]] std::optional<std::string_view> header(
      std::string_view name) const;  // names without regard to case
};

// A path segment's text: percent-decoded; nothing where the escape is broken or the result is not UTF-8.
[[nodiscard]] std::optional<std::string> decode_segment(std::string_view segment);

// A body that is written piece by piece, as long as the client is there (Server-Sent Events).
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  // The client took the piece (or its buffer did); false: it has gone. One at a time.
  virtual Task<bool> write(std::string piece) = 0;
  // Runs once when the client has gone, also while nothing is being written; at once if it has already. Not after the
  // task of the body has ended.
  virtual void when_gone(Work work) { static_cast<void>(work); }
};

struct Response {
  unsigned status = 200;
  std::vector<Header> headers;
  std::string body;
  // Where set, the body is what this task writes, and `body` is ignored: chunked, or exactly as many bytes as a
  // Content-Length among the headers says.
  std::function<Task<void>(ResponseStream&)> stream;

  Response& with(std::string name, std::string value) {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
  }
};

// The answer to an upgrade request: accepted with a handler, or refused with an ordinary response (before the upgrade).
struct Upgrade {
  std::unique_ptr<SocketHandler> handler;
  std::size_t message_bytes = 0;  // the largest message that is taken; 0: as the listener has it
  std::uint16_t slow_code = 0;    // how who reads too slowly is closed; 0: with 4008
  std::uint32_t queue_frames =
      0;                    // more of them waiting for long is too slowly, too; 0: only bytes count
  std::string subprotocol;  // one of those the client offered, or empty
  std::vector<Header> headers;  // extra headers for the 101
  std::optional<Response> refused;
};

// What a listener serves. One per loop: it lives on that loop.
class Handler {
 public:
  virtual ~Handler() = default;
  // Never throws; an answer for every request. The request lives until the answer has been given.
  // (HEAD: answer as for GET, the body is left out by the server. OPTIONS comes here too.)
  virtual Task<Response> handle(Request& request) = 0;
  // Whether the body of this request, of which only the head is here, is handed over as it comes and may be of any size.
  // An answer that is given before its end closes the connection.
  [[nodiscard]] virtual bool takes_pieces(const Request& /*head*/) const { return false; }
  // The longest body that is taken with this head; 0: as the listener has it.
  [[nodiscard]] virtual std::size_t body_bytes(const Request& /*head*/) const { return 0; }
  // A valid WebSocket handshake arrived on this path.
  virtual Task<Upgrade> upgrade(Request& request) = 0;
  // A request that never became one (too large, malformed, too slow): how this wire words the refusal.
  virtual Response refuse(const Error& error) = 0;
};

}  // namespace parley::net
