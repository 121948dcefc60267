#include "dialects/echo/fields.h"

#include "base/clip.h"

namespace parley::echo {
namespace {

constexpr char between = '\x1F';  // never in a name, a code or a sentence of ours
constexpr std::size_t value_bytes_shown = 100;

}  // namespace

std::unexpected<Error> bad_field(std::string_view field, std::string_view code,
                                 std::string_view message, std::string_view value) {
  std::string detail(field);
  for (std::string_view part : {code, message, first_bytes(value, value_bytes_shown)}) {
    detail += between;
    detail += part;
  }
  return fail(Code::unprocessable, std::move(detail));
}

std::optional<FieldError> field_of(const Error& error) {
  const auto first = error.detail.find(between);
  const auto second = first == std::string::npos ? first : error.detail.find(between, first + 1);
  const auto third = second == std::string::npos ? first : error.detail.find(between, second + 1);
  if (third == std::string::npos) return std::nullopt;
  return FieldError{
      error.detail.substr(0, first), error.detail.substr(first + 1, second - first - 1),
      error.detail.substr(second + 1, third - second - 1), error.detail.substr(third + 1)};
}

Result<UserId> user_id(std::string_view text, std::string_view field) {
  auto uuid = read_uuid(text);
  if (!uuid) return bad_field(field, invalid, "a user's id must be a UUID", text);
  return UserId{std::move(*uuid)};
}

Result<UserId> user_in_path(std::string_view text) {
  auto uuid = read_uuid(text);
  if (!uuid) return fail(Code::bad_request, "the user's id in the path must be a UUID");
  return UserId{std::move(*uuid)};
}

// Empty where it is not given; of another type it is a malformed request.
Result<std::string> text_in(const JsonObject& body, std::string_view name,
                            std::string_view /*field*/) {
  auto text = body.text(name);
  if (!text) return fail(Code::bad_request, std::string(name) + " must be a text");
  return std::string(text->value_or(""));
}

}  // namespace parley::echo
