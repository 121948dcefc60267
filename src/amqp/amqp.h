// amqp: a connection to RabbitMQ, blocking, on which every wait has an end.
//
// Knows:     AMQP 0-9-1's address and handshake; what an answer says.
// Does not:  which exchanges and queues there are, or what their messages mean.
// Lives on:  one thread at a time.
// Failing:   unavailable; the connection is given up and made again by whoever needs it.
// Start at:  connect().
#pragma once

#include <amqp.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace parley::amqp {

struct Address {
  std::string user, password, host, vhost;
  int port = 0;
};
// amqp://user:password@host:port/vhost
[[nodiscard]] Result<Address> parse_address(const std::string& url);

struct Close {
  void operator()(amqp_connection_state_t state) const { amqp_destroy_connection(state); }
};
using Connection = std::unique_ptr<amqp_connection_state_t_, Close>;

// The only channel of each connection.
inline constexpr amqp_channel_t channel = 1;

// Logged in, with the channel open. `heartbeat`: how long a silent broker is taken to be there; 0: for ever.
[[nodiscard]] Result<Connection> connect(const Address& address, std::chrono::seconds heartbeat);

// What the answer to the question asked last says, if it says no.
[[nodiscard]] Result<void> answered(const Connection& connection, const char* doing);
// A topic exchange that outlives the broker.
[[nodiscard]] Result<void> declare_exchange(const Connection& connection, std::string_view name);

[[nodiscard]] Error not_now(const std::string& what);
[[nodiscard]] timeval as_timeval(std::chrono::steady_clock::duration left);
[[nodiscard]] amqp_bytes_t bytes_of(std::string_view text);
[[nodiscard]] std::string_view text_of(const amqp_bytes_t& bytes);

}  // namespace parley::amqp
