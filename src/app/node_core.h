// What belongs to one loop of a node.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "app/doors.h"
#include "app/node.h"
#include "base/random.h"
#include "engine/engine.h"
#include "hub/hub.h"
#include "net/loop.h"
#include "net/server.h"

namespace parley::app {

struct Node::Core {
  Core(std::uint32_t index, store::Store& store, const Cursor& head, hub::Bus& bus,
       const Clock& clock, const engine::Limits& limits)
      : loop(index), hub(head), engine(store, hub, bus, clock, random, limits) {}

  net::Loop loop;
  SystemRandom random;
  hub::Hub hub;
  engine::Engine engine;
  std::unique_ptr<Doors> doors;
  std::vector<std::unique_ptr<net::Server>> servers;
  std::thread thread;

  // Runs something on the loop, and waits for it.
  void call(const std::function<void()>& fn) {
    std::promise<void> done;
    loop.post([&] {
      fn();
      done.set_value();
    });
    done.get_future().get();
  }
};

}  // namespace parley::app
