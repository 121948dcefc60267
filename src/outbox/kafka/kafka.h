// outbox/kafka: Kafka as a sink: an idempotent producer that waits for all replicas; the order of a key is kept.
//
// Knows:     the client library of Kafka.
// Does not:  what the messages say.
// In:        batches from the outbox.   Out: records, with their key and headers.
// Lives on:  one thread, which it blocks; every wait has an end. The library has threads of its own, which call nothing
//            of ours.
// Failing:   unavailable; the producer is given up and made again with the next batch.
// Start at:  make_kafka().
#pragma once

#include <memory>
#include <string>

#include "outbox/sink.h"

namespace parley::outbox {

// kafka://host:port, several with ; between them; ?compression=gzip|snappy|lz4|zstd. Wrong ones are refused here; what
// can't be reached, later.
[[nodiscard]] Result<std::unique_ptr<Sink>> make_kafka(const std::string& url);

}  // namespace parley::outbox
