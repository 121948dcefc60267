// Reads one HTTP/1 request out of bytes as they come; Beast's parser, filling our Request.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace parley::net {

struct Limits;

// Why a request can't be served: `status` where it is not that of the code.
struct Refusal {
  Error error;
  unsigned status = 0;
};

class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  RequestParser(const Limits& limits, Request& request);

  enum class Step { more, head, whole };
  // Takes what it can use from the front of `input`. After `head`, which comes once, it is called again for the body,
  // also when there is none.
  [[nodiscard]] std::expected<Step, Refusal> take(std::string_view& input);

  [[nodiscard]] bool begun() const { return got_some(); }
  [[nodiscard]] bool keeps_alive() const { return keep_alive(); }
  [[nodiscard]] bool is_http_1_1() const { return http_1_1_; }
  [[nodiscard]] bool expects_continue() const { return expects_continue_; }
  // Of the body, so far.
  [[nodiscard]] std::uint64_t body_bytes() const { return body_bytes_; }
  [[nodiscard]] bool done() const { return is_done(); }
  // After `head`: the body is collected, within this limit, or with 0 the usual one (a Refusal: it says that it is longer) …
  [[nodiscard]] std::optional<Refusal> collect(std::size_t most);
  // … or it is of any size, and is taken out of the request as it comes.
  void pass_on() { body_bytes_max_ = UINT64_MAX; }

 private:
  using ErrorCode = boost::beast::error_code;
  using Text = boost::beast::string_view;

  [[nodiscard]] std::optional<Refusal> objection() const;
  void set_target(std::string_view target);

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version,
                       ErrorCode& error) override;
  void on_response_impl(int, Text, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field field, Text name, Text value,
                     ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode& error) override {
    error = {};
  }
  std::size_t on_body_impl(Text part, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text, ErrorCode& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t, Text part, ErrorCode& error) override;
  void on_finish_impl(ErrorCode& error) override { error = {}; }

  Request& request_;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t body_bytes_max_;
  bool http_1_1_ = false;
  bool head_seen_ = false;
  bool expects_continue_ = false;
  bool expects_else_ = false;
  bool other_encoding_ = false;  // a Transfer-Encoding that is not just "chunked"
  int hosts_ = 0;
};

}  // namespace parley::net
