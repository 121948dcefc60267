#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "app/commands.h"

namespace {

constexpr const char* usage =
    "parley: a real-time messaging server\n"
    "\n"
    "  parley serve [OPTIONS]                      serve; without options on "
    "http://127.0.0.1:8080, data in ./parley-data\n"
    "  parley token --user ID [--role ROLE] [--ttl 24h] [--dialect NAME] [--username NAME] "
    "[OPTIONS]\n"
    "                                              print a token for the running configuration\n"
    "  parley migrate up|status [OPTIONS]          bring the database's schema to this program's; "
    "or say where it is\n"
    "  parley migrate up|down|status --dialect echo|messaging [OPTIONS]\n"
    "                                              and the tables of that service, as views\n"
    "  parley bench WORKLOAD… [OPTIONS]            put load on a running server and measure\n"
    "  parley bench compare BEFORE.json AFTER.json what became better or worse\n"
    "  parley version                              what this is\n"
    "\n"
    "parley serve --help lists the options; each is also a variable (PARLEY_…) and a line of "
    "--config FILE.\n";

}  // namespace

int main(int argc, char** argv) {
  // Writing to a connection that has gone is an error of that write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments[0] == "help" || arguments[0] == "--help" ||
      arguments[0] == "-h") {
    std::cout << usage;
    return arguments.empty() ? 2 : 0;
  }
  const std::string command = arguments.front();
  arguments.erase(arguments.begin());
  if (command == "serve") return parley::app::serve(arguments);
  if (command == "token") return parley::app::token(arguments);
  if (command == "migrate") return parley::app::migrate(arguments);
  if (command == "bench") return parley::app::bench(arguments);
  if (command == "version" || command == "--version") return parley::app::version();
  for (const char* later : {"chat", "sim", "doctor", "backup"})
    if (command == later) {
      std::cerr << "parley " << command << " does not exist yet\n";
      return 2;
    }
  std::cerr << "parley: there is no command '" << command << "'\n\n" << usage;
  return 2;
}
