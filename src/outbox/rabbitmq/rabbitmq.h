// outbox/rabbitmq: RabbitMQ as a sink: a durable topic exchange, persistent messages, publisher confirms.
//
// Knows:     AMQP 0-9-1.
// Does not:  what the messages say.
// In:        batches from the outbox.   Out: messages to one exchange, their topic as the routing key.
// Lives on:  one thread, which it blocks; every wait has an end.
// Failing:   unavailable; the connection is given up and made again with the next batch.
// Start at:  make_rabbitmq().
#pragma once

#include <memory>
#include <string>

#include "outbox/sink.h"

namespace parley::outbox {

// amqp://user:password@host:port/vhost. Wrong ones are refused here; what can't be reached, later.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_rabbitmq(const std::string& url,
                                                          std::string exchange);

}  // namespace parley::outbox
