// How a node ends: its clients move, what is under way is finished, then everything closes.
#include <algorithm>
#include <future>
#include <thread>

#include "app/node_core.h"
#include "base/log.h"

namespace parley::app {
namespace {

// Clients move to other nodes one after the other, so that these get no more than two thousand a second.
constexpr std::chrono::milliseconds least_time_to_move{1'000};
constexpr std::chrono::microseconds to_move_one{500};
constexpr std::chrono::milliseconds let_go_every{20};
constexpr std::chrono::milliseconds look_again{10};

}  // namespace

void Node::each_core(const std::function<void(Core&)>& fn) {
  for (auto& core : cores_) core->call([&] { fn(*core); });
}

std::size_t Node::sockets() {
  std::size_t all = 0;
  each_core([&](Core& core) {
    for (auto& server : core.servers) all += server->sockets();
  });
  return all;
}

bool Node::quiet() {
  std::size_t busy = 0;
  each_core([&](Core& core) { busy += core.doors->busy(); });
  return busy == 0 && sockets() == 0;
}

void Node::wait_until_quiet(Instant end) {
  while (!quiet() && clock_.instant() < end) std::this_thread::sleep_for(look_again);
}

// Whoever can be told leaves at a moment of their own, the others are closed one after the other, and in the end whoever is
// left. Meanwhile all are served.
void Node::move_clients(Instant begun) {
  const auto wanted =
      std::chrono::duration_cast<std::chrono::milliseconds>(sockets() * to_move_one);
  const auto spread = std::min(std::max(wanted, least_time_to_move), settings_.drain_timeout / 4);
  each_core([&](Core& core) {
    for (auto& server : core.servers) server->stop_accepting();
    core.doors->drain(spread);
  });
  const Instant end = begun + spread;
  for (Instant now = begun; now < end && !quiet(); now = clock_.instant()) {
    const double share = std::min(1.0, std::chrono::duration<double>(let_go_every) / (end - now));
    each_core([&](Core& core) { core.doors->let_go(share); });
    std::this_thread::sleep_for(let_go_every);
  }
  wait_until_quiet(end + spread / 4);  // for those who were told a late moment
  each_core([](Core& core) {
    for (auto& server : core.servers)
      server->each_socket(
          [](net::Socket& socket) { socket.close(1001, "the server is going away"); });
  });
}

void Node::stop() {
  if (!running_) return;
  running_ = false;
  const Instant begun = clock_.instant();
  log::info("stopping");
  cores_.front()->call([this] { expiring_ = false; });
  move_clients(begun);
  wait_until_quiet(begun + settings_.drain_timeout / 2);

  for (auto& core : cores_) {
    for (auto& server : core->servers) {
      std::promise<void> done;
      core->loop.post(
          [&] { spawn(server->stop(settings_.drain_timeout / 4), [&done] { done.set_value(); }); });
      done.get_future().get();
    }
  }
  if (intakes_.intake) intakes_.intake->stop();
  stop_pending();
  stop_couriers();
  if (lease_) {
    // Where the store does not answer, it runs out by itself.
    auto done = std::make_shared<std::promise<void>>();
    auto given_up = done->get_future();
    cores_.front()->loop.post(
        [this, done] { spawn(give_up_lease(), [done] { done->set_value(); }); });
    given_up.wait_for(cluster::Lease::renew_every);
  }
  // Whatever was submitted is settled, and its replies run on loops that still turn.
  store_->stop();
  leave_cluster();
  wait_until_quiet(begun + settings_.drain_timeout);
  for (auto& core : cores_) {
    core->loop.stop();
    core->thread.join();
  }
  log::info(
      "stopped",
      {{"after_ms",
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.instant() - begun).count()}});
}

}  // namespace parley::app
