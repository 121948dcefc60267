// One HTTP/1.1 request at a time, blocking: for preparing a run, never while it is measured.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bench/target.h"

namespace parley::bench {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

// How long the answer at the front is; nothing: it is not whole yet. One without Content-Length has no body here.
[[nodiscard]] std::optional<std::size_t> http_answer_size(std::string_view bytes);
// A whole answer as it came off a connection that was then closed.
[[nodiscard]] Result<HttpAnswer> parse_http_answer(std::string_view bytes);
// On a connection that stays.
[[nodiscard]] std::string post_request(const Target& target, std::string_view path,
                                       std::string_view token, std::string_view json,
                                       std::string_view headers = {});
[[nodiscard]] Result<HttpAnswer> post(const Target& target, std::string_view path,
                                      std::string_view token, std::string_view json);
// What to tell about an answer that was not the hoped-for one.
[[nodiscard]] Error unexpected_answer(std::string_view asked, const HttpAnswer& answer);

}  // namespace parley::bench
