// A request while it is read and answered, and the response's body while the handler's task writes it.
#pragma once

#include <cstdint>
#include <memory>

#include "net/http_session.h"

namespace parley::net {

// Lives as long as the task; its session does too.
class HttpSession::Body final : public ResponseStream {
 public:
  Body(HttpSession& session, HeadShape shape) : session_(session), shape_(shape) {}

  Task<bool> write(std::string piece) override;
  void when_gone(Work work) override;

  void writable();  // the socket takes more
  void client_gone();
  // The task has ended. False: the client can't tell that from a failure.
  [[nodiscard]] bool end();

 private:
  void push(std::string piece);

  HttpSession& session_;
  const HeadShape shape_;
  std::uint64_t pushed_bytes_ = 0;
  std::move_only_function<void(bool)> waiter_;
  Work when_gone_;
};

// Lives as long as the task that handles the request.
class HttpSession::Incoming final : public RequestBody {
 public:
  explicit Incoming(HttpSession& session) : session_(session) {}

  Task<Result<std::string>> next() override;

  void arrived();  // some of it, or its end
  void fail(Error error);
  [[nodiscard]] bool failed() const { return failed_.has_value(); }

 private:
  [[nodiscard]] std::optional<Result<std::string>> take();

  HttpSession& session_;
  std::optional<Error> failed_;
  std::move_only_function<void(Result<std::string>)> waiter_;
};

struct HttpSession::Exchange {
  explicit Exchange(const Limits& limits) : parser(limits, request) {}
  Request request;
  RequestParser parser;
  std::unique_ptr<Incoming> incoming;  // where its body is handed over as it comes
  Response response;                   // while its body is streamed
  std::unique_ptr<Body> body;
};

}  // namespace parley::net
