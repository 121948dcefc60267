// cluster/redis: Redis between nodes: its publish and subscribe; nothing is kept there.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cluster/transport.h"

namespace parley::cluster {

// redis://user:password@host:6379.
[[nodiscard]] Result<std::unique_ptr<Transport>> make_redis(const std::string& url);

}  // namespace parley::cluster
