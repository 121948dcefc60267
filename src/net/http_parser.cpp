#include "net/http_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include "net/server.h"
#include "net/ws_codec.h"

namespace parley::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;

Refusal refusal_of(const boost::beast::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return {{Code::headers_too_large, "the request's headers are too large", {}}};
  if (error == http::error::body_limit)
    return {{Code::too_large, "the request's body is too large", {}}};
  if (error == http::error::bad_version)
    return {{Code::bad_request, "only HTTP/1.0 and HTTP/1.1 are spoken here", {}}, 505};
  return {{Code::bad_request, "this is not HTTP: " + error.message(), {}}};
}

}  // namespace

// The parser's own limit would refuse a long body before anybody could say that it is wanted.
RequestParser::RequestParser(const Limits& limits, Request& request)
    : request_(request), body_bytes_max_(limits.body_bytes) {
  header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  body_limit(boost::none);
}

std::optional<Refusal> RequestParser::collect(std::size_t most) {
  if (most > 0) body_bytes_max_ = most;
  const std::uint64_t declared = request_.content_length.value_or(0);
  if (declared > body_bytes_max_) return refusal_of(http::error::body_limit);
  request_.body.reserve(static_cast<std::size_t>(declared) + slack_bytes);
  return std::nullopt;
}

std::expected<RequestParser::Step, Refusal> RequestParser::take(std::string_view& input) {
  if (is_done()) return Step::whole;
  eager(head_seen_);
  const bool head_before = head_seen_;
  ErrorCode error;
  input.remove_prefix(put(boost::asio::buffer(input), error));
  if (error && error != http::error::need_more) return std::unexpected(refusal_of(error));
  if (head_seen_ && !head_before) {
    if (const auto declared = content_length()) request_.content_length = *declared;
    if (auto refused = objection()) return std::unexpected(std::move(*refused));
    return Step::head;
  }
  if (!is_done()) return Step::more;
  request_.body.reserve(request_.body.size() + slack_bytes);
  return Step::whole;
}

std::optional<Refusal> RequestParser::objection() const {
  if (http_1_1_ && hosts_ != 1)
    return Refusal{{Code::bad_request, "exactly one Host header is required", {}}};
  if (other_encoding_)
    return Refusal{{Code::not_implemented, "only \"chunked\" is known as Transfer-Encoding", {}}};
  if (expects_else_)
    return Refusal{{Code::expectation_failed, "only \"100-continue\" can be expected", {}}};
  return std::nullopt;
}

// "/path?query", and "http://host/path?query" as one sends to a proxy.
void RequestParser::set_target(std::string_view target) {
  request_.target = target;
  if (!target.starts_with('/')) {
    const std::size_t authority = target.find("://");
    if (authority != std::string_view::npos) {
      const std::size_t path = target.find_first_of("/?", authority + 3);
      target.remove_prefix(std::min(path, target.size()));
      if (!target.starts_with('/')) request_.path = "/";
    }
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  request_.path += target.substr(0, question);
  request_.query = Query(target.substr(std::min(question + 1, target.size())));
}

void RequestParser::on_request_impl(http::verb, Text method, Text target, int version,
                                    ErrorCode& error) {
  error = {};
  http_1_1_ = version >= 11;
  request_.method = std::string_view(method);
  set_target(target);
}

void RequestParser::on_field_impl(http::field field, Text name, Text value, ErrorCode& error) {
  error = {};
  if (head_seen_) return;  // a trailer: nobody here has a use for one
  if (field == http::field::host) ++hosts_;
  if (field == http::field::transfer_encoding && !iequals(value, "chunked")) other_encoding_ = true;
  if (field == http::field::expect) {
    const bool known = iequals(value, "100-continue");
    expects_continue_ = known && http_1_1_;
    expects_else_ = !known;
  }
  request_.headers.push_back({std::string(name), std::string(value)});
}

void RequestParser::on_header_impl(ErrorCode& error) {
  error = {};
  head_seen_ = true;
}

std::size_t RequestParser::on_body_impl(Text part, ErrorCode& error) {
  error = {};
  body_bytes_ += part.size();
  if (body_bytes_ > body_bytes_max_) {
    error = http::error::body_limit;
    return 0;
  }
  request_.body.append(part.data(), part.size());
  return part.size();
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, Text, ErrorCode& error) {
  error = {};
  if (size > body_bytes_max_ - body_bytes_) error = http::error::body_limit;
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, Text part, ErrorCode& error) {
  return on_body_impl(part, error);
}

}  // namespace parley::net
