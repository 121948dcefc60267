// The workloads. Each prepares what it needs, warms up, measures, and checks what arrived.
#pragma once

#include "bench/setup.h"

namespace parley::bench {

// A group in which one member sends.
struct Crowd {
  enum class Cost : std::uint8_t { delivery, message };
  std::string workload;
  std::string variant;
  unsigned window = 1;
  unsigned online = 2;   // with the sender
  unsigned members = 2;  // with those who are online
  Cost cost_of = Cost::message;
  bool beside_bare_sender = false;
};
[[nodiscard]] Result<Outcome> run_crowd(const Context& context, Crowd crowd);
// All members are connected.
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

// One to one, what is passed on and kept nowhere.
[[nodiscard]] Result<Outcome> run_routed(const Context& context);

// What grows: members of a group, messages of a conversation, conversations of a user.
[[nodiscard]] Result<std::vector<Outcome>> run_growth(const Context& context);
// History pages and sends in a conversation that is filled up to each of these numbers of messages.
[[nodiscard]] Result<std::vector<Outcome>> run_stored(const Context& context,
                                                      const std::vector<std::uint64_t>& stored);

// People who do what people do.
[[nodiscard]] Result<Outcome> run_mixed(const Context& context);

// One to one through another server.
[[nodiscard]] Result<Outcome> run_peer(const Context& context);

}  // namespace parley::bench
