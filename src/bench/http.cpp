#include "bench/http.h"

#include <fmt/core.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace parley::bench {
namespace {

constexpr std::chrono::seconds patience{30};
constexpr std::size_t answer_max = 16U << 20U;

Result<void> send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return fail(Code::unavailable, fmt::format("send: {}", std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> receive_all(int fd) {
  std::string bytes;
  char part[16'384];
  while (bytes.size() < answer_max) {
    const auto got = ::recv(fd, part, sizeof part, 0);
    if (got == 0) return bytes;
    if (got < 0) {
      return fail(Code::unavailable, errno == EAGAIN ? "the server did not answer in time"
                                                     : std::string(std::strerror(errno)));
    }
    bytes.append(part, static_cast<std::size_t>(got));
  }
  return fail(Code::too_large, "the server's answer has no end");
}

Result<std::string> join_chunks(std::string_view bytes) {
  std::string body;
  for (;;) {
    std::size_t size = 0;
    const auto read = std::from_chars(bytes.data(), bytes.data() + bytes.size(), size, 16);
    const auto line_end = bytes.find("\r\n");
    if (read.ec != std::errc{} || line_end == bytes.npos) break;
    bytes.remove_prefix(line_end + 2);
    if (size == 0) return body;
    if (bytes.size() < size + 2) break;
    body.append(bytes.substr(0, size));
    bytes.remove_prefix(size + 2);
  }
  return fail(Code::unavailable, "the server's chunked answer is broken");
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

}  // namespace

std::optional<std::size_t> http_answer_size(std::string_view bytes) {
  constexpr std::string_view key = "\r\ncontent-length: ";
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == bytes.npos) return std::nullopt;
  const std::string head = lower_case(bytes.substr(0, head_end));
  std::size_t body = 0;
  if (const auto at = head.find(key); at != head.npos) {
    std::from_chars(head.data() + at + key.size(), head.data() + head.size(), body);
  }
  const std::size_t size = head_end + 4 + body;
  return bytes.size() < size ? std::nullopt : std::optional{size};
}

Result<HttpAnswer> parse_http_answer(std::string_view bytes) {
  const auto head_end = bytes.find("\r\n\r\n");
  HttpAnswer answer;
  if (!bytes.starts_with("HTTP/1.1 ") || head_end == bytes.npos || bytes.size() < 12) {
    return fail(Code::unavailable, "what answered does not speak HTTP/1.1");
  }
  std::from_chars(bytes.data() + 9, bytes.data() + 12, answer.status);
  const std::string head = lower_case(bytes.substr(0, head_end));
  const std::string_view rest = bytes.substr(head_end + 4);
  if (head.find("\r\ntransfer-encoding: chunked") == std::string::npos) {
    answer.body = rest;
    return answer;
  }
  TRY(body, join_chunks(rest));
  answer.body = std::move(body);
  return answer;
}

std::string post_request(const Target& target, std::string_view path, std::string_view token,
                         std::string_view json, std::string_view headers) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n"
      "Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
      path, target.host, token, json.size(), headers, json);
}

Result<HttpAnswer> post(const Target& target, std::string_view path, std::string_view token,
                        std::string_view json) {
  TRY(socket, connect_blocking(target, patience));
  const std::string request = post_request(target, path, token, json, "Connection: close\r\n");
  TRY_DO(send_all(socket.fd(), request));
  TRY(bytes, receive_all(socket.fd()));
  return parse_http_answer(bytes);
}

Error unexpected_answer(std::string_view asked, const HttpAnswer& answer) {
  std::string_view hint;
  if (answer.status == 401) hint = "; is --jwt-secret the server's own?";
  if (answer.status == 429) hint = "; start the server with --rate-limit off";
  const std::string_view body = std::string_view(answer.body).substr(0, 300);
  return {Code::unavailable, fmt::format("{}: {} {}{}", asked, answer.status, body, hint), {}};
}

}  // namespace parley::bench
