// cluster/nats: NATS between nodes: plain publish and subscribe, without JetStream.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cluster/transport.h"

namespace parley::cluster {

// nats://user:password@host:4222; several servers of one cluster with ; between them.
[[nodiscard]] Result<std::unique_ptr<Transport>> make_nats(const std::string& url);

}  // namespace parley::cluster
