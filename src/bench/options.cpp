#include "bench/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "bench/door.h"

namespace parley::bench {
namespace {

constexpr auto footer = R"(Workloads:
  fanout   one member writes to a group, all others receive; once per --window
  durable  acknowledged messages in direct conversations; once per --window; with --sync-folder
           beside a file there that is only appended to and synced
  live     direct messages at a fixed --rate; latency counts from when each was due
  idle     connections that do nothing: memory of each, CPU of connecting
  routed   one to one, signals of a call: passed on and kept nowhere, one of each sender under way
  storm    --sockets connections are cut at once and come back with their cursors, each to five
           messages that it missed, while others send at --others-rate
  slow     a group of --receivers at --group-rate, without and with one that reads --slow-bytes a
           second, until --slow-mib were sent to each; then it must get the rest, also if the
           server closed it
  doors    one to one through the native door and then each --door, a message of each sender under
           way at once; start the server with the doors' own rate limits off too. rtchat
           acknowledges before it has stored
  growth   what a message costs in groups of --members of whom ten are online; what history pages
           and sends cost with 10,000 and --stored messages before them, which are sent first; how
           long hello takes for a user in --conversations
  mixed    --users send to each other and to groups, read, type, look back and reconnect, together
           --mixed-rate times a second; latency of each kind
  peer     the exchange of doors with another server, which speaks --wire at --url

Start the server with --rate-limit off. Without --pid there are no CPU and memory figures.
`parley bench compare BEFORE.json AFTER.json --fail-above 15%` tells what became worse.)";

void declare_target(CLI::App& app, Options& options) {
  app.add_option("--url", options.url, "The server's native door")->capture_default_str();
  app.add_option("--also", options.also,
                 "The native door of a further node: connections take turns (repeatable)")
      ->allow_extra_args(false);
  app.add_option("--jwt-secret", options.jwt_secret,
                 "The server's HS256 secret; the client signs its own tokens")
      ->envname("PARLEY_JWT_SECRET")
      ->required();
  app.add_option("--pid", options.pids,
                 "A process whose CPU is counted, with its children: first the server, then its "
                 "database (repeatable)")
      ->check(CLI::PositiveNumber)
      ->allow_extra_args(false);
}

void declare_load(CLI::App& app, Options& options) {
  const auto number = [&](const char* name, unsigned& value, const CLI::Range& range,
                          const char* what) {
    app.add_option(name, value, what)->check(range)->capture_default_str();
  };
  app.add_option("--seconds", options.seconds, "How long each measured part sends")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.add_option("--window", options.windows, "Messages of a sender under way at once (repeatable)")
      ->check(CLI::Range(1U, 4096U))
      ->allow_extra_args(false)
      ->capture_default_str();
  number("--receivers", options.receivers, CLI::Range(1U, 100'000U),
         "Receivers of fanout and slow");
  number("--senders", options.senders, CLI::Range(1U, 10'000U), "Pairs of durable and live");
  number("--connections", options.connections, CLI::Range(1U, 1'000'000U), "Connections of idle");
  number("--rate", options.rate, CLI::Range(1U, 1'000'000U), "Messages a second of live");
  number("--others-rate", options.others_rate, CLI::Range(1U, 1'000'000U),
         "Messages a second between the others of storm");
  number("--sockets", options.sockets, CLI::Range(1U, 1'000'000U), "Connections cut by storm");
  number("--group-rate", options.group_rate, CLI::Range(1U, 1'000'000U),
         "Messages a second to the group of slow");
  number("--slow-bytes", options.slow_bytes_per_s, CLI::Range(10U, 1'000'000U),
         "What the slow reader takes a second");
  app.add_option("--sync-folder", options.sync_folder,
                 "A folder on the server's disk: durable measures there, before it begins, what "
                 "appending as much as one message of each sender and syncing it takes")
      ->check(CLI::ExistingDirectory);
  app.add_option("--slow-mib", options.slow_mib,
                 "What slow sends to each reader at least; more than the server's --queue-limit, "
                 "and what its kernel holds for a socket")
      ->check(CLI::Range(0.1, 10'000.0))
      ->capture_default_str();
  number("--text-bytes", options.text_bytes, CLI::Range(1U, 10'000U), "Length of each text");
}

// NAME=URL.
void take_door(Options& options, std::string_view word) {
  const auto equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  if (equals == word.npos || find_door(name) == nullptr)
    throw CLI::ValidationError("--door", "must be NAME=URL, such as dinq=ws://127.0.0.1:8083");
  options.doors.push_back({std::string(name), std::string(word.substr(equals + 1))});
}

void declare_doors(CLI::App& app, Options& options) {
  app.add_option_function<std::vector<std::string>>(
         "--door",
         [&options](const std::vector<std::string>& words) {
           for (const std::string& word : words) take_door(options, word);
         },
         "Another door of the server, as NAME=URL: dinq, echo, messaging, pulse or rtchat "
         "(repeatable)")
      ->allow_extra_args(false);
}

void declare_growth(CLI::App& app, Options& options) {
  app.add_option("--members", options.members, "Members of a group of growth (repeatable)")
      ->check(CLI::Range(2U, 1'000'000U))
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_option("--stored", options.stored, "Messages in the fullest conversation of growth")
      ->check(CLI::Range(100U, 1'000'000'000U))
      ->capture_default_str();
  app.add_option("--conversations", options.conversations,
                 "Conversations of the busiest user of growth")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
}

void declare_mixed(CLI::App& app, Options& options) {
  app.add_option("--users", options.users, "Connected users of mixed")
      ->check(CLI::Range(2U, 100'000U))
      ->capture_default_str();
  app.add_option("--mixed-rate", options.mixed_rate, "What they do together in a second")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
}

void declare_peer(CLI::App& app, Options& options) {
  app.add_option("--wire", options.wire,
                 "Of peer: nats or mqtt0, where a pong behind each message stands for its "
                 "acknowledgement; jetstream or mqtt1, which acknowledge")
      ->check(CLI::IsMember({"nats", "jetstream", "mqtt0", "mqtt1"}))
      ->capture_default_str();
}

void declare_output(CLI::App& app, Options& options) {
  app.add_option("--json", options.json_file, "Also write the figures to this file");
  app.add_option("--html", options.html_file,
                 "Also write a page with the figures, latency over time, histograms and CPU per "
                 "message");
  app.add_option("--label", options.label, "Kept in the JSON, to tell runs apart");
  app.add_option("workload", options.workloads, "What to run, in this order")
      ->check(CLI::IsMember(std::vector<std::string>(all_workloads.begin(), all_workloads.end())))
      ->capture_default_str();
}

// The words after parsing, for the report: a secret must not be in it.
std::string without_secret(std::span<const std::string_view> arguments) {
  std::string line = "parley bench";
  bool secret_follows = false;
  for (std::string_view word : arguments) {
    line += ' ';
    if (secret_follows)
      line += "***";
    else if (word.starts_with("--jwt-secret="))
      line += "--jwt-secret=***";
    else
      line += word;
    secret_follows = word == "--jwt-secret";
  }
  return line;
}

Stop stopped(const CLI::App& app, const CLI::ParseError& why) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app.exit(why, out, err);
  return code == 0 ? Stop{0, out.str()} : Stop{2, err.str()};
}

}  // namespace

std::expected<Options, Stop> parse_options(std::span<const std::string_view> arguments) {
  Options options;
  CLI::App app{"The load client: measures a running server, and checks what it delivers.",
               "parley bench"};
  app.footer(footer);
  declare_target(app, options);
  declare_load(app, options);
  declare_doors(app, options);
  declare_growth(app, options);
  declare_mixed(app, options);
  declare_peer(app, options);
  declare_output(app, options);
  std::vector<std::string> words(arguments.begin(), arguments.end());
  std::ranges::reverse(words);  // CLI11 takes them from the back
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& why) {
    return std::unexpected(stopped(app, why));
  }
  options.command_line = without_secret(arguments);
  return options;
}

}  // namespace parley::bench
