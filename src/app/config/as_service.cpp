// Starting as another service would: its port, its variables, its .env, its own file.
#include <algorithm>
#include <fstream>

#include "app/config/services.h"
#include "app/config/sources.h"

namespace parley::config {
namespace {

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(blanks) - begin + 1));
}

// NAME=VALUE a line, perhaps quoted, perhaps with `export` in front; # begins a comment line.
Environment read_env_file(const std::string& path, Reasons& reasons) {
  Environment variables;
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::string text = trimmed(line);
    if (text.starts_with("export ")) text = trimmed(std::string_view(text).substr(7));
    if (text.empty() || text.front() == '#') continue;
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      reasons.add(path + ":" + std::to_string(number), "is not NAME=VALUE");
      continue;
    }
    std::string value = trimmed(std::string_view(text).substr(equals + 1));
    const bool quoted = value.size() >= 2 && value.front() == value.back() &&
                        (value.front() == '"' || value.front() == '\'');
    if (quoted) value = value.substr(1, value.size() - 2);
    variables[trimmed(std::string_view(text).substr(0, equals))] = std::move(value);
  }
  return variables;
}

// Its file's keys stand for variables; those that are set win.
void add_file(const ServiceFacts& facts, const std::string& folder, Environment& theirs,
              Reasons& reasons) {
  auto named = theirs.find(std::string(facts.file));
  const bool is_named = named != theirs.end() && !named->second.empty();
  const std::string path = is_named ? named->second : folder + "/config.yaml";
  if (!is_named && !std::ifstream(path)) return;
  for (auto& [key, value] : read_nested_file(path, reasons)) {
    std::string name(facts.file_prefix);
    for (const char c : key)
      name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    theirs.try_emplace(std::move(name), std::move(value));
  }
}

}  // namespace

Service read_service(const std::string& name, const Environment& environment,
                     const std::string& folder, Reasons& reasons) {
  Service service;
  const ServiceFacts* facts = find_service(name);
  if (facts == nullptr) {
    reasons.add("--as", '"' + name + "\" is no service that can be stood in for; there are " +
                            service_names());
    return service;
  }
  Environment theirs = read_env_file(folder + "/.env", reasons);
  for (const auto& [variable, value] : environment)
    if (!value.empty()) theirs[variable] = value;
  if (!facts->file.empty()) add_file(*facts, folder, theirs, reasons);
  for (const Variable& one : facts->variables) {
    auto at = theirs.find(std::string(one.theirs));
    if (at == theirs.end() || at->second.empty()) continue;
    service.given.push_back(
        {find_option(one.ours), std::string(one.theirs), {one.turn(at->second)}});
  }
  for (const Combined& one : facts->combined)
    if (std::string value = one.make(theirs); !value.empty())
      service.given.push_back({find_option(one.ours), std::string(one.theirs), {std::move(value)}});
  if (auto secret = theirs.find(std::string(facts->secret)); secret != theirs.end())
    service.jwt_secret = secret->second;
  if (service.jwt_secret.empty() && facts->needs_secret)
    reasons.add(std::string(facts->secret),
                "is needed: the secret that signs the tokens of your users");
  for (std::string_view one : facts->not_yet)
    if (auto at = theirs.find(std::string(one)); at != theirs.end() && !at->second.empty())
      service.notices.push_back(std::string(one) + " is set, but this server does not use it yet");
  if (!service.jwt_secret.empty() && service.jwt_secret.size() < 32)
    service.notices.push_back(std::string(facts->secret) +
                              " is shorter than 32 bytes: tokens signed with it can be guessed");
  return service;
}

}  // namespace parley::config
