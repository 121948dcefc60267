// The three places where options are given. Each is read completely, whatever is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/config/options.h"
#include "app/config/settings.h"

namespace parley::config {

// What is wrong, a line each: "--queue-limit: "x" is not a size".
class Reasons {
 public:
  void add(const std::string& place, const std::string& what) {
    lines_.push_back(place + ": " + what);
  }
  [[nodiscard]] bool empty() const { return lines_.empty(); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> lines_;
};

struct Given {
  const AnyOption* option;
  std::string place;  // "--listen", "PARLEY_LISTEN", "parley.yaml:3: listen"
  std::vector<std::string> texts;
};

struct Source {
  std::vector<Given> given;
  std::string file;  // what --config or PARLEY_CONFIG named
};

[[nodiscard]] Source read_arguments(const Arguments& arguments, Reasons& reasons);
// Empty variables count as not given. Those that only look like ours are left alone: what Kubernetes
// sets for a service called parley, and what our tests use.
[[nodiscard]] Source read_environment(const Environment& environment, Reasons& reasons);
// The service's own variables, and its .env in `folder` for those that are not set, as options of ours.
struct Service {
  std::vector<Given> given;
  std::string jwt_secret;  // of any length: what the service took must do here
  std::vector<std::string> notices;
};
[[nodiscard]] Service read_service(const std::string& name, const Environment& environment,
                                   const std::string& folder, Reasons& reasons);
[[nodiscard]] std::vector<Given> read_file(const std::string& path, Reasons& reasons);
// Another program's YAML: "server.http_port" and its text; a list is its texts with commas between.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_nested_file(
    const std::string& path, Reasons& reasons);

}  // namespace parley::config
