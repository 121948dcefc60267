#include "dialects/echo/fields.h"

#include <array>

namespace parley::echo {
namespace {

constexpr char between = '\x1F';  // never in a name or a code

}  // namespace

std::unexpected<Error> bad_field(std::string_view field, std::string_view code,
                                 std::string_view message) {
  std::string detail(field);
  detail += between;
  detail += code;
  detail += between;
  detail += message;
  return fail(Code::unprocessable, std::move(detail));
}

std::optional<FieldError> field_of(const Error& error) {
  const auto first = error.detail.find(between);
  const auto second = first == std::string::npos ? first : error.detail.find(between, first + 1);
  if (second == std::string::npos) return std::nullopt;
  return FieldError{error.detail.substr(0, first),
                    error.detail.substr(first + 1, second - first - 1),
                    error.detail.substr(second + 1)};
}

std::optional<std::string> read_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return std::nullopt;
    out += c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c;
  }
  return out;
}

Result<UserId> user_id(std::string_view text, std::string_view field) {
  auto uuid = read_uuid(text);
  if (!uuid) return bad_field(field, invalid, "a user's id must be a UUID");
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
