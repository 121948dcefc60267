// Expected failures are values: every function that can be refused says so in its type.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

enum class Code {
#define PARLEY_CODE(code, http, websocket, title) code,
#include "base/codes.def"
#undef PARLEY_CODE
};

[[nodiscard]] std::string_view name_of(Code code);   // "not_member"
[[nodiscard]] std::string_view title_of(Code code);  // "You are not in this conversation"
[[nodiscard]] unsigned http_status(Code code);
[[nodiscard]] unsigned short close_code(Code code);  // 0 where a refusal never ends the connection

// `detail` is for the caller: what was wrong and what would be right. Secrets and internals go to the log.
struct Error {
  Code code = Code::internal;
  std::string detail;
  std::chrono::milliseconds retry_after{0};  // for rate_limited and unavailable
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string detail = {}) {
  return std::unexpected(Error{code, std::move(detail), {}});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

}  // namespace parley

// TRY(name, expression): the value of a Result, or leave this function with its error.
// CO_TRY is the same inside a coroutine; give it `co_await …` or a plain Result.
#define PARLEY_CAT_(a, b) a##b
#define PARLEY_CAT(a, b) PARLEY_CAT_(a, b)
#define PARLEY_TRY_(leave, name, expression, held)           \
  auto held = expression;                                    \
  if (!held) leave std::unexpected(std::move(held).error()); \
  auto name = std::move(held).value()
#define TRY(name, ...) PARLEY_TRY_(return, name, (__VA_ARGS__), PARLEY_CAT(held_, __LINE__))
#define CO_TRY(name, ...) PARLEY_TRY_(co_return, name, (__VA_ARGS__), PARLEY_CAT(held_, __LINE__))
// The same for a Result whose value is not needed.
#define TRY_DO(...) \
  if (auto held_ = (__VA_ARGS__); !held_) return std::unexpected(std::move(held_).error())
#define CO_TRY_DO(...) \
  if (auto held_ = (__VA_ARGS__); !held_) co_return std::unexpected(std::move(held_).error())
