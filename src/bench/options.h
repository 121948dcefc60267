// What `parley bench` is asked to do.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley::bench {

// In the order in which they are listed.
inline constexpr std::array all_workloads{"fanout", "durable", "live",   "idle",  "routed", "storm",
                                          "slow",   "doors",   "growth", "mixed", "peer"};
// What runs unless something else is asked for: it is over in half a minute.
inline constexpr std::array workloads_without_more{"fanout", "durable", "live", "idle"};

struct DoorUrl {
  std::string door;
  std::string url;
};

struct Options {
  std::string url = "ws://127.0.0.1:8080";
  std::vector<std::string> also;
  std::string jwt_secret;
  std::vector<int> pids;  // the first is the server; the others (its database) are counted apart
  std::string json_file;
  std::string html_file;
  std::string label;
  double seconds = 5;
  std::vector<unsigned> windows{1, 16};
  unsigned receivers = 1'000;
  unsigned senders = 64;
  unsigned connections = 10'000;
  unsigned rate = 5'000;
  unsigned others_rate = 1'000;
  unsigned sockets = 20'000;
  unsigned group_rate = 100;
  unsigned slow_bytes_per_s = 1'024;
  double slow_mib = 8;
  std::vector<DoorUrl> doors;
  std::vector<unsigned> members{10, 1'000, 100'000};
  unsigned stored = 1'000'000;
  unsigned conversations = 10'000;
  unsigned users = 1'000;
  unsigned mixed_rate = 1'000;
  std::string sync_folder;  // of durable: where a lone sync is measured; empty: nowhere
  std::string wire = "nats";
  unsigned text_bytes = 200;
  std::vector<std::string> workloads{workloads_without_more.begin(), workloads_without_more.end()};
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
