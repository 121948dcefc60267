// Starting as another service would: its port, its variables, its .env.
#include <algorithm>
#include <array>
#include <fstream>
#include <functional>

#include "app/config/sources.h"

namespace parley::config {
namespace {

using Turn = std::string (*)(const std::string&);

struct Variable {
  std::string_view theirs;
  std::string_view ours;
  Turn turn;
};

std::string as_it_is(const std::string& value) { return value; }
std::string in_seconds(const std::string& value) { return value + "s"; }

// Silent for that long is gone; a ping in the middle keeps who answers.
std::string half_in_seconds(const std::string& value) {
  const bool digits = !value.empty() && value.size() < 7 &&
                      std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::to_string(std::max(1, std::stoi(value) / 2)) + "s" : value;
}

constexpr std::array dinq_variables{
    Variable{"PORT", "listen",
             [](const std::string& value) { return "0.0.0.0:" + value + "=dinq"; }},
    Variable{"DATABASE_URL", "store", as_it_is},
    Variable{"MAX_VIDEO_SIZE_MB", "dinq-video-limit", as_it_is},
    Variable{"MAX_DEVICES_PER_USER", "dinq-devices", as_it_is},
    Variable{"RECALL_WINDOW_SECONDS", "dinq-recall-window", in_seconds},
    Variable{"WS_TOKEN_TTL", "dinq-ws-token-ttl", in_seconds},
    Variable{"HEARTBEAT_TIMEOUT_SECONDS", "heartbeat", half_in_seconds},
    Variable{"ADMIN_USER_IDS", "dinq-admins", as_it_is},
    Variable{"DINQ_HISTORY_ORDER", "dinq-oldest-first",
             [](const std::string& value) -> std::string {
               return value == "asc" ? "on" : value == "desc" ? "off" : value;
             }},
};
constexpr std::array dinq_not_yet{"REDIS_URL", "AGENT_URL", "OSS_ENDPOINT", "FILE_STORAGE_DIR"};
constexpr std::string_view dinq_port = "8083";

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

}  // namespace

Service read_service(const std::string& name, const Environment& environment,
                     const std::string& folder, Reasons& reasons) {
  Service service;
  if (name != "dinq") {
    reasons.add("--as", '"' + name + "\" is no service that can be stood in for; there is dinq");
    return service;
  }
  Environment theirs = read_env_file(folder + "/.env", reasons);
  for (const auto& [variable, value] : environment)
    if (!value.empty()) theirs[variable] = value;
  theirs.try_emplace("PORT", dinq_port);
  for (const Variable& one : dinq_variables) {
    auto at = theirs.find(std::string(one.theirs));
    if (at == theirs.end() || at->second.empty()) continue;
    service.given.push_back(
        {find_option(one.ours), std::string(one.theirs), {one.turn(at->second)}});
  }
  if (auto secret = theirs.find("JWT_SECRET"); secret != theirs.end())
    service.jwt_secret = secret->second;
  for (const char* one : dinq_not_yet)
    if (theirs.contains(one) && !theirs[one].empty())
      service.notices.push_back(std::string(one) + " is set, but this server does not use it yet");
  if (!service.jwt_secret.empty() && service.jwt_secret.size() < 32)
    service.notices.emplace_back(
        "JWT_SECRET is shorter than 32 bytes: tokens signed with it can be guessed");
  return service;
}

}  // namespace parley::config
