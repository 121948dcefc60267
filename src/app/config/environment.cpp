#include <algorithm>
#include <cctype>

#include "app/config/sources.h"

namespace parley::config {
namespace {

constexpr std::string_view prefix = "PARLEY_";

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Kubernetes tells every pod about the services of its namespace: PARLEY_SERVICE_HOST, PARLEY_PORT,
// PARLEY_PORT_8080_TCP_ADDR, PARLEY_WEB_SERVICE_PORT_HTTP … A service called parley must not keep its
// own pods from starting.
bool is_of_kubernetes(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || name.find("_SERVICE_PORT") != std::string_view::npos)
    return true;
  if (name.ends_with("_PORT"))
    return value.starts_with("tcp://") || value.starts_with("udp://") ||
           value.starts_with("sctp://");
  std::size_t port = name.find("_PORT_");
  if (port == std::string_view::npos) return false;
  std::string_view rest = name.substr(port + 6);
  std::size_t line = rest.find('_');
  return line != std::string_view::npos && is_digits(rest.substr(0, line));
}

bool is_of_our_tests(std::string_view name) {
  return name.starts_with("PARLEY_TEST_") || name == "PARLEY_BIN" || name == "PARLEY_REPORT" ||
         name == "PARLEY_NOT_YET";
}

// PARLEY_QUEUE_LIMIT is the variable of queue-limit.
std::string option_name(std::string_view variable) {
  std::string name(variable.substr(prefix.size()));
  for (char& c : name)
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

void unknown(const std::string& variable, Reasons& reasons) {
  const AnyOption* near = find_option(near_miss(option_name(variable)));
  reasons.add(variable, near == nullptr
                            ? "there is no such variable; parley serve --help lists the options"
                            : "there is no such variable; did you mean " + near->variable() + '?');
}

}  // namespace

Source read_environment(const Environment& environment, Reasons& reasons) {
  Source source;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(prefix)) continue;
    const AnyOption* option = find_option(option_name(name));
    bool known = name == config_variable || (option != nullptr && option->variable() == name);
    if (!known) {
      if (!is_of_kubernetes(name, value) && !is_of_our_tests(name)) unknown(name, reasons);
    } else if (!value.empty()) {
      if (option == nullptr)
        source.file = value;
      else
        source.given.emplace_back(option, name, std::vector{value});
    }
  }
  return source;
}

Environment environment_of(const char* const* environ) {
  Environment variables;
  for (; environ != nullptr && *environ != nullptr; ++environ) {
    std::string_view line(*environ);
    std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return variables;
}

}  // namespace parley::config
