// What `parley bench` is asked to do.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::bench {

struct Options {
  std::string url = "ws://127.0.0.1:8080";
  std::string jwt_secret;
  std::vector<int> pids;  // the first is the server; the others (its database) are counted apart
  std::string json_file;
  std::string label;
  double seconds = 5;
  std::vector<unsigned> windows{1, 16};
  unsigned receivers = 1'000;
  unsigned senders = 64;
  unsigned connections = 10'000;
  unsigned rate = 5'000;
  unsigned text_bytes = 200;
  std::vector<std::string> workloads{"fanout", "durable", "live", "idle"};
  std::string command_line;  // as it was given, without the secret
};

// Why there is nothing to run: help was asked for (0), or the command line is wrong.
struct Stop {
  int exit_code = 0;
  std::string text;
};

[[nodiscard]] std::expected<Options, Stop> parse_options(
    std::span<const std::string_view> arguments);

}  // namespace parley::bench
