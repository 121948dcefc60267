#include "app/config/option.h"

#include <cctype>

namespace parley::config {

std::string AnyOption::variable() const {
  std::string name = "PARLEY_";
  for (char c : facts_.name)
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string AnyOption::refusal(std::string_view text, std::string_view why) const {
  bool hidden = secrecy() == Secrecy::secret ||
                (secrecy() == Secrecy::url && text.find_first_of("@?") != std::string_view::npos);
  std::string shown = hidden ? "the value (not shown)" : '"' + std::string(text) + '"';
  return shown + ' ' + std::string(why);
}

std::vector<std::string> split_at_commas(const std::vector<std::string>& texts) {
  std::vector<std::string> parts;
  for (const std::string& text : texts) {
    std::size_t begin = 0;
    for (std::size_t comma; (comma = text.find(',', begin)) != std::string::npos; begin = comma + 1)
      parts.push_back(text.substr(begin, comma - begin));
    parts.push_back(text.substr(begin));
  }
  for (std::string& part : parts) {
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
  }
  return parts;
}

}  // namespace parley::config
