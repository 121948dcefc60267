#include "base/clip.h"

namespace parley {
namespace {

bool goes_on(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string_view first_bytes(std::string_view utf8, std::size_t most) {
  if (utf8.size() <= most) return utf8;
  std::size_t end = most;
  while (end > 0 && goes_on(utf8[end])) --end;
  return utf8.substr(0, end);
}

std::string_view first_code_points(std::string_view utf8, std::size_t most) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i)
    if (!goes_on(utf8[i]) && ++seen > most) return utf8.substr(0, i);
  return utf8;
}

}  // namespace parley
