// outbox/nats: NATS as a sink: a JetStream stream that keeps what it is sent, each id once; plain NATS where the server
// has no JetStream.
//
// Knows:     the client library of NATS.
// Does not:  what the messages say.
// In:        batches from the outbox.   Out: messages, their topic as the subject.
// Lives on:  one thread, which it blocks; every wait has an end.
// Failing:   unavailable; the connection is given up and made again with the next batch.
// Start at:  make_nats().
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "outbox/sink.h"

namespace parley::outbox {

// Made where it is not there; an existing one stays as it is.
struct Stream {
  std::string name;
  std::vector<std::string> subjects;
};

// nats://[user:password@]host:port, several with ; between them. Wrong ones are refused here; what can't be reached,
// later.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_nats(const std::string& url, Stream stream);

}  // namespace parley::outbox
