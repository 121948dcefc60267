// parley serve: start, wait for signals, stop.
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <iostream>

#include "app/commands.h"
#include "app/config/help.h"
#include "app/node.h"
#include "app/open_store.h"
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

// Every now and then, and at once when the process is asked for something. False: it is asked to end.
bool tick_once(Node& node, const sigset_t& signals) {
  timespec wait{.tv_sec = tick.count(), .tv_nsec = 0};
  const int signal = sigtimedwait(&signals, nullptr, &wait);
  if (signal == SIGTERM || signal == SIGINT) return false;
  if (signal == SIGHUP)
    node.reload();
  else
    node.tick();
  return true;
}

using Opened = Result<std::unique_ptr<store::Store>>;

// A database that can't be reached is waited for with the doors open: they say that they are there, and that they can't
// do much. Nothing: the process was asked to end.
std::optional<Opened> open_patiently(const Configuration& configuration, const sigset_t& signals) {
  const config::Settings& settings = configuration.running;
  Opened opened = open_store(settings, std::chrono::milliseconds{0});
  const auto is_away = [&] {
    const bool is_a_server = settings.store.kind == config::StoreKind::postgres ||
                             settings.store.kind == config::StoreKind::mongo;
    return is_a_server && !opened && opened.error().code == Code::unavailable;
  };
  if (!is_away()) return opened;
  log::warn("the store can't be reached; trying on", {{"why", opened.error().detail}});
  const auto node = Node::without_store(configuration);
  if (auto started = node->start(); !started) return Opened(fail(std::move(started).error()));
  while (is_away()) {
    if (!tick_once(*node, signals)) {
      node->stop();
      return std::nullopt;
    }
    opened = open_store(settings, std::chrono::milliseconds{0});
  }
  log::info("the store can be reached");
  node->stop();
  return opened;
}

void say_how_to_begin(const config::Settings& settings, bool own_secret) {
  if (!own_secret) return;
  log::info(
      "no keys are configured: tokens are signed with a secret of this data folder, and only "
      "loopback is served");
  log::info("get a token with", {{"command", "parley token --user alice --data " + settings.data}});
}

int serve_until_asked_to_stop(const Configuration& configuration, const sigset_t& signals,
                              bool own_secret) {
  auto store = open_patiently(configuration, signals);
  if (!store) return 0;
  if (!*store) {
    log::error("the server can't start", {{"why", store->error().detail}});
    return 1;
  }
  Node node(configuration, std::move(**store));
  if (auto started = node.start(); !started) {
    log::error("the server can't start", {{"why", started.error().detail}});
    return 1;
  }
  say_how_to_begin(configuration.running, own_secret);
  while (tick_once(node, signals)) {
  }
  node.stop();
  return 0;
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
  return serve_until_asked_to_stop({*settings, configured, arguments}, signals, own_secret);
}

}  // namespace parley::app
