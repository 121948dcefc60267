// The workloads. Each prepares what it needs, warms up, measures, and checks what arrived.
#pragma once

#include "bench/setup.h"

namespace parley::bench {

// One member of a group sends, all others are connected and receive.
[[nodiscard]] Result<Outcome> run_fanout(const Context& context, unsigned window);
// Acknowledged messages of many senders, each to a receiver of its own.
[[nodiscard]] Result<Outcome> run_durable(const Context& context, unsigned window);
// The same at a fixed rate, whatever the server does; latency counts from when a message was due.
[[nodiscard]] Result<Outcome> run_live(const Context& context);
// Connections that do nothing.
[[nodiscard]] Result<Outcome> run_idle(const Context& context);

// Very many connections are cut at once and resume, while others go on talking.
[[nodiscard]] Result<Outcome> run_storm(const Context& context);

// A busy group, without and with one member who hardly reads.
[[nodiscard]] Result<Outcome> run_slow(const Context& context);

// Messages one to one through the native door and then each of --door; an outcome for each.
[[nodiscard]] Result<std::vector<Outcome>> run_doors(const Context& context);

}  // namespace parley::bench
