// bench: the load client behind `parley bench`: what a server costs, and whether it kept its word under load.
//
// Knows:     the native wire as a client sees it, of the other doors and of peer servers how one sends to another
//            (door.cpp, nats.cpp, mqtt.cpp); how to measure another process of this machine.
// Does not:  anything of the server's insides. It must be cheap, for it shares the machine with what it measures:
//            frames are encoded once, reads take what is there, answers are scanned, not parsed.
// In:        a command line.   Out: a table, JSON, a page, and an exit code: 0 only if every check held.
// Lives on:  one thread with one epoll loop; who only has to go on talking meanwhile (flow.h) has a thread beside it.
// Failing:   what cannot be measured (refused, 401, rate limited, too few descriptors) is one clear sentence on stderr
//            and 1; a message lost, doubled or out of order is a failed check, reported with the figures, and 1.
// Start at:  run(), then a workload, from the simplest: idle.cpp, durable.cpp, live.cpp, fanout.cpp, storm.cpp, slow.cpp.
#pragma once

#include <span>
#include <string_view>

namespace parley::bench {

// What follows `parley bench` on the command line; the exit code of the process.
[[nodiscard]] int run(std::span<const std::string_view> arguments);

}  // namespace parley::bench
