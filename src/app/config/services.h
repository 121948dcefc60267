// The services that this program can stand in for: their variables, as options of ours.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/sources.h"

namespace parley::config {

// One variable that is one option.
struct Variable {
  std::string_view theirs;
  std::string_view ours;
  std::string (*turn)(const std::string&);  // into what the option understands
};

// An option that takes several of their variables; empty: it is not given.
struct Combined {
  std::string_view theirs;  // the one that stands for all in what is refused
  std::string_view ours;
  std::string (*make)(const Environment&);
};

struct ServiceFacts {
  std::string_view name;
  std::string_view secret;       // the variable with the HS256 secret
  std::string_view file;         // a YAML file of its own, beside .env; empty: none
  std::string_view file_prefix;  // of the variables that its keys stand for
  bool needs_secret = false;     // it does not start without
  std::span<const Variable> variables;
  std::span<const Combined> combined;
  std::span<const std::string_view> not_yet;  // read by it, and by us not yet
};

[[nodiscard]] const ServiceFacts* find_service(std::string_view name);
[[nodiscard]] std::string service_names();

}  // namespace parley::config
