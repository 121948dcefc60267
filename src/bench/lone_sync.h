// The limit of an acknowledgement: a file to which a batch is appended and synced, again and again, while nothing else is
// going on; measured in the same run, so that a figure can be told from the disk of the machine.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "bench/histogram.h"

namespace parley::bench {

// So many times, in a file of its own that goes again.
[[nodiscard]] Result<Histogram> lone_syncs(const std::string& folder, std::size_t batch_bytes,
                                           std::size_t times);

}  // namespace parley::bench
