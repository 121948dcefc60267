#include "dialects/rest/uuid.h"

namespace parley::rest {

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

}  // namespace parley::rest
