// Refusals that name a field of the body, as this wire shows them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "dialects/rest/uuid.h"
#include "model/names.h"

namespace parley::echo {

struct FieldError {
  std::string field, code, message, value;
};

// An Error that carries a field: Code::unprocessable, to be read back by field_of().
// `value`: what was given; only its beginning is shown.
[[nodiscard]] std::unexpected<Error> bad_field(std::string_view field, std::string_view code,
                                               std::string_view message,
                                               std::string_view value = {});
[[nodiscard]] std::optional<FieldError> field_of(const Error& error);

inline constexpr std::string_view required = "REQUIRED_FIELD";
inline constexpr std::string_view invalid = "INVALID_FORMAT";
inline constexpr std::string_view too_short = "TOO_SHORT";
inline constexpr std::string_view too_long = "TOO_LONG";

// UUIDs in any letter case. `field` is the CamelCase name for refusals.
using rest::read_uuid;
[[nodiscard]] Result<UserId> user_id(std::string_view text, std::string_view field);
[[nodiscard]] Result<std::string> text_in(const JsonObject& body, std::string_view name,
                                          std::string_view field);
// One in the path: what is no UUID is a malformed request; one that is none of ours names nothing.
template <class T>
[[nodiscard]] Result<T> id_in_path(std::string_view text) {
  auto uuid = read_uuid(text);
  if (!uuid) return fail(Code::bad_request, "the id in the path must be a UUID");
  return T::parse(*uuid).value_or(T{});
}
[[nodiscard]] Result<UserId> user_in_path(std::string_view text);
template <class T>
[[nodiscard]] Result<T> id_in(const JsonObject& body, std::string_view name,
                              std::string_view field) {
  TRY(text, text_in(body, name, field));
  if (text.empty()) return bad_field(field, required, std::string(name) + " is required");
  auto uuid = read_uuid(text);
  if (!uuid) return bad_field(field, invalid, std::string(name) + " must be a UUID", text);
  return T::parse(*uuid).value_or(T{});
}

}  // namespace parley::echo
