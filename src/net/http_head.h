// The head of a response as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http.h"

namespace parley::net {

// How the end of a body is known.
enum class Framing : std::uint8_t { none, length, chunked, until_close };
enum class Persistence : std::uint8_t { keep_alive, keep_alive_1_0, close };

struct HeadShape {
  Framing framing = Framing::length;
  Persistence persistence = Persistence::keep_alive;
  std::uint64_t body_bytes = 0;  // with Framing::length
};

// A line of its own; what would end the line early, or the head, becomes a space.
void append_header(std::string& out, std::string_view name, std::string_view value);

// Headers of the response about framing and persistence are ours to write and left out where it has them.
[[nodiscard]] std::string response_head(const Response& response, const HeadShape& shape);

// The Content-Length that the response itself declares.
[[nodiscard]] std::optional<std::uint64_t> declared_length(const Response& response);

// 204 and 304 (and 1xx) never have a body.
[[nodiscard]] bool status_has_body(unsigned status);

}  // namespace parley::net
