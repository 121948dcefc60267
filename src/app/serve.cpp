// parley serve: start, wait for signals, stop.
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <iostream>

#include "app/commands.h"
#include "app/config/help.h"
#include "app/node.h"
#include "app/secret.h"

namespace parley::app {
namespace {

constexpr std::chrono::seconds tick{2};

// Signals are taken by the main thread alone; all threads started later inherit that they are blocked.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

// Returns when the process is asked to end.
void run_until_asked_to_stop(Node& node, const sigset_t& signals) {
  for (;;) {
    timespec wait{.tv_sec = tick.count(), .tv_nsec = 0};
    int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP)
      node.reload();
    else
      node.tick();
  }
}

void say_how_to_begin(const config::Settings& settings, bool own_secret) {
  if (!own_secret) return;
  log::info(
      "no keys are configured: tokens are signed with a secret of this data folder, and only "
      "loopback is served");
  log::info("get a token with", {{"command", "parley token --user alice --data " + settings.data}});
}

}  // namespace

int serve(const Arguments& arguments) {
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      std::cout << config::help_text();
      return 0;
    }
    if (argument == "--write-docs") {  // docs/configuration.md, for ./dev lint
      config::write_docs(std::cout);
      return 0;
    }
  }
  const sigset_t signals = block_signals();
  auto settings = config::load(arguments, config::environment_of(environ));
  if (!settings) {
    std::cerr << "parley: the configuration can't be used:\n" << settings.error().detail << "\n";
    return 2;
  }
  log::configure(settings->log_format, settings->log_level);
  for (const std::string& notice : settings->notices) log::warn(notice);
  const config::Settings configured = *settings;
  const bool own_secret = !settings->has_keys();
  if (auto secret = use_own_secret(*settings); !secret) {
    std::cerr << "parley: " << secret.error().detail << "\n";
    return 1;
  }
  Node node(*settings, configured, arguments);
  if (auto started = node.start(); !started) {
    log::error("the server can't start", {{"why", started.error().detail}});
    return 1;
  }
  say_how_to_begin(*settings, own_secret);
  run_until_asked_to_stop(node, signals);
  node.stop();
  return 0;
}

}  // namespace parley::app
