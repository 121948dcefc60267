#include "dialects/dinq/names.h"

#include <algorithm>

namespace parley::dinq {
namespace {

constexpr std::size_t hex_digits = 32;

template <class T>
Result<T> id_of(std::string_view text, std::string_view refusal) {
  auto uuid = read_uuid(text);
  if (!uuid) return fail(Code::bad_request, std::string(refusal));
  // Of the right form, but none of ours: it names nothing.
  return T::parse(*uuid).value_or(T{});
}

}  // namespace

std::optional<std::string> read_uuid(std::string_view text) {
  if (text.size() >= 2 && text.front() == '{' && text.back() == '}')
    text = text.substr(1, text.size() - 2);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-' && text.size() == 36 && (i == 8 || i == 13 || i == 18 || i == 23)) continue;
    if (c >= '0' && c <= '9')
      digits += c;
    else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
      digits += static_cast<char>(c | 0x20);
    else
      return std::nullopt;
  }
  if (digits.size() != hex_digits || (text.size() != 36 && text.size() != 32)) return std::nullopt;
  for (std::size_t dash : {8U, 13U, 18U, 23U}) digits.insert(dash, 1, '-');
  return digits;
}

Result<ConversationId> conversation_id(std::string_view text, std::string_view refusal) {
  return id_of<ConversationId>(text, refusal);
}

Result<MessageId> message_id(std::string_view text, std::string_view refusal) {
  return id_of<MessageId>(text, refusal);
}

Result<UserId> user_id(std::string_view text, std::string_view refusal) {
  auto uuid = read_uuid(text);
  if (!uuid) return fail(Code::bad_request, std::string(refusal));
  return UserId{std::move(*uuid)};
}

}  // namespace parley::dinq
